"""A project of any release becomes one of today, with what its team has changed."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.edits import conflicts, edit, repeat
from tests.everything import Packages, enter
from tests.projects import Project
from tests.questions import ROOT
from tests.releases import NOW, Release, history, releases
from tests.repository import TemplateRepository, commit, update
from tests.summary import Count
from tests.test_suites import INDIFFERENT, run_suite, set_times
from tests.test_updates import REVISIONS
from tests.tools import PYTHON_VERSION, environment, run
from tests.trees import ANSWERS, Tree, difference

PROJECTS = [
    pytest.param(release, name, id=f"{release}-{name}")
    for release in releases()
    for name in release.projects
]


@pytest.fixture(scope="session")
def released(source: Path, tmp_path_factory: pytest.TempPathFactory) -> TemplateRepository:
    return history(source, tmp_path_factory.mktemp("history"))


def rendered(
    released: TemplateRepository, release: Release, name: str, project: Path, **answers: str
) -> Path:
    return released.copy(project, {**release.projects[name], **answers}, release.tag)


@pytest.mark.updates
@pytest.mark.parametrize(("release", "name"), PROJECTS)
def test_release_becomes_what_is_there_now(
    release: Release, name: str, released: TemplateRepository, tmp_path: Path, count: Count
) -> None:
    """Equal to a fresh copy with the same answers; then, with edits, to one with the same edits."""
    project = rendered(released, release, name, tmp_path / "project")
    edited = rendered(released, release, name, tmp_path / "edited")
    made = edit(edited)
    commit(edited, "Notes")

    update(project, to=NOW)
    update(edited, to=NOW)

    fresh = released.copy(tmp_path / "fresh", Tree(project).answers(), NOW)
    assert difference(Tree(project), Tree(fresh), without=REVISIONS) == []
    repeat(made, fresh)
    assert conflicts(edited) == []
    assert difference(Tree(edited), Tree(fresh), without=REVISIONS) == []
    count("updates of released versions", 2)
    count("edits kept", len(made))


@pytest.mark.updates
@pytest.mark.parametrize(
    ("release", "name"), [one for one in PROJECTS if one.values[0] != releases()[-1]]
)
def test_two_steps_equal_one(
    release: Release, name: str, released: TemplateRepository, tmp_path: Path, count: Count
) -> None:
    """Each release on the way, one after the other, and all at once."""
    at_once = rendered(released, release, name, tmp_path / "at-once")
    edit(at_once)
    commit(at_once, "Notes")
    project = rendered(released, release, name, tmp_path / "project")
    edit(project)
    commit(project, "Notes")

    update(at_once, to=NOW)
    later = [one for one in releases() if one.version > release.version]
    for step in [*(one.tag for one in later), NOW]:
        update(project, to=step)
        commit(project, step)
        count("updates of released versions")

    assert difference(Tree(project), Tree(at_once), without=REVISIONS) == []
    count("updates of released versions")


@pytest.mark.suites
@pytest.mark.parametrize("release", releases(), ids=str)
def test_suite_is_green_after_an_update(
    release: Release,
    released: TemplateRepository,
    large: Path,
    packages: Packages,
    bytecode: dict[str, str],
    place: Path,
    count: Count,
) -> None:
    """Of the fullest project, with edits, after what the message of the update says."""
    shutil.rmtree(place / "project", ignore_errors=True)
    project = rendered(
        released, release, "fullest", place / "project", python_version=PYTHON_VERSION
    )
    edit(project)
    commit(project, "Notes")
    update(project, to=NOW)

    set_times(project)
    installed = Project(project, project / ".venv")
    enter(installed, large, packages)
    installed.run("app", "revision", "Update")
    installed.run("ruff", "check")
    installed.run("ruff", "format", "--check")
    run_suite(installed, place, count, *INDIFFERENT, **bytecode)
    count("suites run after an update of a released version")


def test_answers_of_a_release_are_kept(released: TemplateRepository, tmp_path: Path) -> None:
    """An open service of 0.1 stays open, though services of today have log-ins."""
    project = rendered(released, releases()[0], "smallest", tmp_path / "project")

    update(project, to=NOW)

    assert "auth: none\n" in (project / ANSWERS).read_text()


def test_workflow_tags_what_has_no_tag(source: Path, tmp_path: Path) -> None:
    """As GitHub would run it, with a repository in a folder as the remote one."""
    clone = history(source, tmp_path).path
    for release in releases():
        run("git", "tag", "--delete", release.tag, cwd=clone)
    remote = tmp_path / "remote.git"
    run("git", "init", "--quiet", "--bare", remote, cwd=tmp_path)
    run("git", "remote", "set-url", "origin", remote, cwd=clone)
    (tmp_path / "gh").write_text("#!/bin/sh\n")
    (tmp_path / "gh").chmod(0o755)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tag.yml").read_text())
    script = workflow["jobs"]["tag"]["steps"][-1]["run"]
    path = {"PATH": f"{tmp_path}:{environment()['PATH']}"}

    for _ in range(2):
        run("bash", "-e", "-c", script, cwd=clone, env=path)

    said = run("git", "for-each-ref", "--format=%(refname:short) %(*objectname)", cwd=remote)
    assert said.splitlines() == [f"{one.tag} {one.commit}" for one in releases()]


def test_each_release_has_its_entry_in_the_changelog() -> None:
    entries = re.findall(
        r"^## ([\d.]+) \(\d{4}-\d\d-\d\d\)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )

    assert entries == [str(release) for release in reversed(releases())]
