"""The answers file: only Copier writes it, and it says what is there."""

from collections.abc import Iterator
from typing import Any

import yaml

from fastapi_trellis.checks.patient import Finding, Patient
from fastapi_trellis.git import GitError, git
from fastapi_trellis.given import nearest
from fastapi_trellis.project import ANSWERS


def edited_by_hand(patient: Patient) -> Iterator[Finding]:
    folder = patient.project.folder
    if git("diff", "HEAD", "--name-only", "--relative", "--", ANSWERS, cwd=folder):
        others = git("diff", "HEAD", "--name-only", cwd=folder).splitlines()
        if len(others) == 1:
            yield Finding(
                f"{ANSWERS} was edited by hand", f"git restore --staged --worktree {ANSWERS}"
            )
        return
    commit = git("log", "-1", "--format=%H", "--", ANSWERS, cwd=folder).strip()
    if commit and alone_in(patient, commit):
        short = commit[:10]
        yield Finding(f"{ANSWERS} was edited by hand in {short}", f"git revert {short}")


def alone_in(patient: Patient, commit: str) -> bool:
    """Whether a commit changed answers and nothing of what they stand for."""
    folder = patient.project.folder
    listing = git("show", "--format=", "--name-only", commit, cwd=folder).split("\n")
    if len([path for path in listing if path]) != 1:
        return False
    try:
        before = git("show", f"{commit}~1:./{ANSWERS}", cwd=folder)
    except GitError:
        return False
    answers: Any = yaml.safe_load(before)
    # A new release that changed nothing else is a commit of Copier's.
    return isinstance(answers, dict) and answers.get("_commit") == patient.project.commit


def not_accepted(patient: Patient) -> Iterator[Finding]:
    filled = patient.filled
    for name in patient.project.answers:
        if name not in filled.values:
            near = nearest(name, filled.shown)
            yield Finding(f"nothing asks for {name}: {near}", f"git log -p -- {ANSWERS}")
    for name, sentence in patient.filled.refused.items():
        yield Finding(f"{name}: {sentence}", f"git log -p -- {ANSWERS}")


def parts_and_folders(patient: Patient) -> Iterator[Finding]:
    """A part that is on has a folder below `app`, and one that is off has none."""
    filled = patient.filled
    template = patient.template
    features = template.at(patient.project.commit).definition.features if template else {}
    for name, feature in features.items():
        folders = [path for path in feature.get("paths", []) if is_package(path)]
        # A folder that only has what Python has left there is gone.
        there = [
            path
            for path in folders
            if any((patient.project.folder / path.strip("/")).glob("**/*.py"))
        ]
        if name in filled.parts and folders and not there:
            yield Finding(
                f"the answers have {name} on, and {folders[0].strip('/')} is not there",
                f"git log --diff-filter=D -- {folders[0].strip('/')}",
            )
        if name not in filled.parts and there == folders and folders:
            yield Finding(
                f"the answers have {name} off, and {folders[0].strip('/')} is there",
                f"git log -- {folders[0].strip('/')}",
            )


def is_package(path: str) -> bool:
    return path.startswith("/app/") and path.endswith("/")
