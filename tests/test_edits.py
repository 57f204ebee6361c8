"""What people have changed survives every change of an answer."""

from pathlib import Path

import pytest

from tests.conftest import Count
from tests.edits import edit, lost, made
from tests.projects import Project
from tests.questions import Answer, options
from tests.repository import TemplateRepository, commit, update
from tests.test_suites import run_suite
from tests.test_updates import EVERYTHING, TOGGLES
from tests.tools import PYTHON_VERSION

BELONGING = {
    ".github/workflows/ci.yml",
    "compose.yml",
    "compose.production.yml",
    "deploy/production.env",
}


@pytest.mark.updates
@pytest.mark.parametrize(("base", "question", "value"), TOGGLES)
def test_edits_survive_a_toggle(
    base: dict[str, Answer],
    question: str,
    value: Answer,
    repository: TemplateRepository,
    tmp_path: Path,
    count: Count,
) -> None:
    # `uv add` wants a Python that the project takes.
    answers = {"python_version": PYTHON_VERSION, **base}
    project = repository.copy(tmp_path / "project", answers)
    edit(project)
    commit(project, "Notes")
    edits = made(project)

    update(project, **{question: value})

    kept = [one for one in edits if (project / one.path).exists() or one.text is None]
    assert lost(project, at_first=kept) == []
    # What belongs to an answer that is no longer given goes, with the edits in it.
    assert {one.path for one in edits if one not in kept} <= BELONGING
    count("updates of an edited project")


@pytest.mark.suites
@pytest.mark.parametrize(
    ("before", "after"), [({}, EVERYTHING), (EVERYTHING, {})], ids=["all on", "all off"]
)
def test_edited_project_is_green_after_a_toggle(
    before: dict[str, Answer],
    after: dict[str, Answer],
    repository: TemplateRepository,
    tmp_path: Path,
    count: Count,
) -> None:
    """Everything on at once, and everything off."""
    base = {"python_version": PYTHON_VERSION, "database": "sqlite"}
    off = {name: options()[name][0] for name in EVERYTHING if name != "database"}
    project = repository.copy(tmp_path / "project", {**base, **off, **before})
    edit(project)
    commit(project, "Notes")
    edits = made(project)

    update(project, **{"database": "sqlite", **off, **after})

    assert lost(project, at_first=edits) == []
    installed = Project(project, project / ".venv")
    installed.sync()
    # As the message after an update says: tables have come or gone.
    installed.run("app", "revision", "Update")
    installed.run("ruff", "check")
    installed.run("ruff", "format", "--check")
    run_suite(installed, tmp_path, count, "--cov")
    count("suites run")
