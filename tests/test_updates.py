"""A project can change its mind: an update with another answer equals a fresh copy with it."""

import sys
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.questions import Answer, options, shown_with
from tests.repository import RELEASE, TemplateRepository, changes, commit, update
from tests.rules import refusal
from tests.summary import Count
from tests.tools import attempt, run
from tests.trees import Tree, difference
from tests.variants import by_turns

pytestmark = pytest.mark.updates

# They belong to the project from its first day: an update adds and changes none.
REVISIONS = ("migrations/versions/", "migrations/initial/")

EVERYTHING: dict[str, Answer] = {
    "database": "postgres",
    "broker": "redis",
    **{name: True for name, values in options().items() if True in values},
}

# What is answered otherwise, where a rule would refuse an answer beside the others.
MAKE_ROOM: tuple[dict[str, Answer], ...] = ({}, {"kubernetes": False}, {"database": "postgres"})


def with_room(base: dict[str, Answer], question: str, value: Answer) -> dict[str, Answer]:
    """The answers from which a question can be answered so."""
    bases = ({**base, **room} for room in MAKE_ROOM if question not in room)
    return next(one for one in bases if refusal({**one, question: value}) is None)


def toggles() -> Iterator[ParameterSet]:
    """Each answer to each other one, from the smallest answers and from the fullest."""
    for name, base in (("default", {}), ("everything", EVERYTHING)):
        for question, values in options().items():
            if shown_with(question) is None or question in base:
                for old, new in combinations(ordered(base, question, values), 2):
                    start = with_room({**base, question: old}, question, new)
                    yield pytest.param(
                        start, question, old, new, id=f"{name}-{question}-{old}-{new}"
                    )


def ordered(base: dict[str, Answer], question: str, values: Sequence[Answer]) -> list[Answer]:
    """The one that the base has comes first."""
    return sorted(values, key=lambda value: value != base.get(question, values[0]))


TOGGLES = list(toggles())


@pytest.mark.spare
@pytest.mark.parametrize(("base", "question", "old", "new"), by_turns(TOGGLES))
def test_toggle_equals_a_fresh_copy(
    base: dict[str, Answer],
    question: str,
    old: Answer,
    new: Answer,
    repository: TemplateRepository,
    tmp_path: Path,
    count: Count,
) -> None:
    """There and back: on and off, one choice and the other."""
    before = repository.copy(tmp_path / "before", {**base, question: old})
    after = repository.copy(tmp_path / "after", {**base, question: new})

    project = repository.copy(tmp_path / "project", {**base, question: old})
    update(project, {question: new})
    assert difference(Tree(project), Tree(after), without=REVISIONS) == []

    commit(project, f"{question}: {new}")
    update(project, {question: old})
    assert difference(Tree(project), Tree(before), without=REVISIONS) == []
    assert changes_of_revisions(project) == []
    count("updates", 2)
    count("toggles")


def changes_of_revisions(project: Path) -> list[str]:
    log = run("git", "log", "--format=", "--name-only", "HEAD~1..", "--", *REVISIONS, cwd=project)
    return log.split() + [
        line
        for line in changes(project).splitlines()
        if any(folder in line for folder in REVISIONS)
    ]


def test_plain_commands_need_no_trust(
    repository: TemplateRepository, tmp_path: Path, count: Count
) -> None:
    """As people type them; and an update that has nothing to do changes nothing."""
    copier = (sys.executable, "-m", "copier")
    project = tmp_path / "project"

    run(*copier, "copy", "--defaults", repository.path, project, cwd=tmp_path)
    commit(project, "Render the service")
    run(*copier, "update", "--defaults", cwd=project)

    assert changes(project) == ""
    assert Tree(project).answers()["_commit"] == RELEASE
    count("updates")


def test_refused_answer_leaves_nothing_behind(
    repository: TemplateRepository, tmp_path: Path
) -> None:
    """And the command says what to answer instead."""
    refused = attempt(
        *(sys.executable, "-m", "copier", "copy", "--defaults", "--data=project_slug=app"),
        *(repository.path, tmp_path / "project"),
        cwd=tmp_path,
    )

    assert refused.returncode != 0
    assert "take another slug, such as" in " ".join(refused.stderr.split())
    assert not (tmp_path / "project").exists()


@pytest.mark.parametrize("package_manager", options()["package_manager"])
def test_message_says_what_comes_next(
    package_manager: str, repository: TemplateRepository, tmp_path: Path
) -> None:
    """The commands that it names are those that the README's and this proof's installs use."""
    data = f"--data=package_manager={package_manager}"
    said = attempt(
        *(sys.executable, "-m", "copier", "copy", "--defaults", data),
        *(repository.path, tmp_path / "project"),
        cwd=tmp_path,
    ).stderr

    assert f"cd {tmp_path / 'project'}" in said
    assert "app dev" in said
    assert ("uv run" in said) == (package_manager == "uv")
