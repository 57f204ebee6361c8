"""The work tree: conflicts that are left, and what the project needs beside it."""

import shutil
from collections.abc import Iterator

from fastapi_trellis.checks.patient import Finding, NotLookedAt, Patient
from fastapi_trellis.git import GitError, git, paths

MARKERS = "^(<<<<<<< before updating|>>>>>>> after updating)"

# Programs, what needs them, and how to come by them.
TOOLS = {
    "uv": ("uv", "python -m pip install uv"),
    "docker": ("docker", "install Docker Engine with Compose, from docs.docker.com/engine/install"),
    "kubernetes": ("kubectl", "install kubectl, from kubernetes.io/docs/tasks/tools"),
}


def conflict_markers(patient: Patient) -> Iterator[Finding]:
    folder = patient.project.folder
    try:
        found = paths(git("grep", "-l", "-z", "-E", MARKERS, cwd=folder))
    except GitError:  # none
        found = []
    for path in found:
        yield Finding(f"{path} has conflict markers", f"$EDITOR {path} && git add {path}")
    for path in paths(git("ls-files", "--others", "-z", "--", "*.rej", cwd=folder)):
        yield Finding(
            f"{path} holds a change that was not applied",
            f"$EDITOR {path.removesuffix('.rej')} && rm {path}",
        )


def stale_lock(patient: Patient) -> Iterator[Finding]:
    if patient.project.answers.get("package_manager") != "uv":
        return
    if not (patient.project.folder / "uv.lock").exists():
        yield Finding("the packages are not locked", "uv lock")
    elif shutil.which("uv") is None:
        raise NotLookedAt("there is no uv")
    elif patient.ask("uv", "lock", "--check").returncode:
        yield Finding("uv.lock is older than pyproject.toml", "uv lock")


def missing_tools(patient: Patient) -> Iterator[Finding]:
    for part, (program, mend) in TOOLS.items():
        if part in patient.filled.parts and shutil.which(program) is None:
            yield Finding(f"there is no {program} on this machine", mend)


def unreachable(patient: Patient) -> Iterator[Finding]:
    if patient.template is None:
        yield Finding(
            f"the template {patient.project.source} cannot be reached",
            f"git ls-remote {patient.project.source}",
        )
