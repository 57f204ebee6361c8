"""What a release carries over with `hooks/migrations`: a worked example of each step."""

from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier.errors import UnsafeTemplateError

from tests.edits import CONFLICT, conflicts
from tests.questions import ROOT
from tests.repository import TemplateRepository, changes, commit, update
from tests.summary import Count
from tests.tools import run
from tests.trees import ANSWERS, Tree, difference

pytestmark = pytest.mark.updates

NEXT = "v2.0.0"
SCRIPTS = "{{ _copier_conf.src_path }}/hooks/migrations"


def step(stage: str, script: str, *arguments: str) -> dict[str, Any]:
    """As it would be written in copier.yml."""
    return {
        "version": NEXT,
        "when": f"{{{{ _stage == '{stage}' }}}}",
        "command": ["{{ _copier_python }}", f"{SCRIPTS}/{script}.py", *arguments],
    }


STEPS = [
    step("before", "answer", "rename", "tracing", "traces"),
    step("before", "answer", "replace", "license", "BSD-3-Clause", "Apache-2.0"),
    step("after", "move", "app/items/seed.py", "app/items/examples.py"),
    step("after", "move", "docs/features", "docs/parts"),
]


@pytest.fixture(scope="session")
def template(source: Path, tmp_path_factory: pytest.TempPathFactory) -> TemplateRepository:
    """A release in which a question has another name, a choice is gone, and files have moved."""
    repository = TemplateRepository.make(source, tmp_path_factory.mktemp("steps"))
    path = repository.path
    text = (path / "copier.yml").read_text()
    text = text.replace("\ntracing:\n", "\ntraces:\n").replace("{{ tracing |", "{{ traces |")
    text = text.replace("    - BSD-3-Clause\n", "").replace("/docs/features", "/docs/parts")
    head, _, rest = text.partition("_migrations:\n")
    steps = yaml.safe_dump({"_migrations": STEPS}, width=1000)
    (path / "copier.yml").write_text(f"{head}{steps}{rest[rest.index('# ------') :]}")

    run("git", "mv", "template/app/items/seed.py", "template/app/items/examples.py", cwd=path)
    run("git", "mv", "template/docs/features", "template/docs/parts", cwd=path)
    change(path / "template/app/items/feature.py", "app.items.seed", "app.items.examples")
    change(path / "template/app/items/examples.py", "Add the examples", "Add those")
    commit(path, "Next")
    run("git", "tag", NEXT, cwd=path)
    return repository


def change(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.fixture
def project(template: TemplateRepository, tmp_path: Path) -> Path:
    answers = {"tracing": True, "license": "BSD-3-Clause"}
    return template.copy(tmp_path / "project", answers)


@pytest.fixture
def fresh(template: TemplateRepository, tmp_path: Path) -> Path:
    return template.copy(
        tmp_path / "fresh", {"traces": True, "license": "Apache-2.0"}, release=NEXT
    )


def test_answers_and_edits_are_carried_over(project: Path, fresh: Path, count: Count) -> None:
    """A renamed answer, a choice that went, an edited file and an edited folder that moved."""
    change(project / "app/items/seed.py", "Desk lamp", "Standing lamp")
    change(project / "docs/features/tracing.md", "# ", "# Our ")
    (project / "docs/features/sentry.md").unlink(missing_ok=True)
    (project / "docs/features/items.md").unlink()
    (project / "docs/features/notes.md").write_text("# Notes\n")
    commit(project, "Mine")

    update(project, to=NEXT)

    answers = yaml.safe_load((project / ANSWERS).read_text())
    assert (answers["traces"], answers["license"], "tracing" in answers) == (
        True,
        "Apache-2.0",
        False,
    )
    change(fresh / "app/items/examples.py", "Desk lamp", "Standing lamp")
    change(fresh / "docs/parts/tracing.md", "# ", "# Our ")
    (fresh / "docs/parts/items.md").unlink()
    (fresh / "docs/features").mkdir()
    (fresh / "docs/features/notes.md").write_text("# Notes\n")
    assert conflicts(project) == []
    assert difference(Tree(project), Tree(fresh)) == []
    count("steps of migrations", len(STEPS))


def test_nothing_is_needed_where_nothing_was_edited(project: Path, fresh: Path) -> None:
    update(project, to=NEXT)

    assert difference(Tree(project), Tree(fresh)) == []


def test_the_same_line_changed_on_both_sides_is_one_conflict(project: Path, fresh: Path) -> None:
    change(project / "app/items/seed.py", "Add the examples", "Make the examples")
    commit(project, "Mine")

    update(project, to=NEXT)

    moved = project / "app/items/examples.py"
    assert conflicts(project) == ["app/items/examples.py"]
    assert difference(Tree(project), Tree(fresh)) == ["app/items/examples.py"]
    assert len(CONFLICT.findall(moved.read_bytes())) == 1
    assert ["Make the" in moved.read_text(), "Add those" in moved.read_text()] == [True, True]


def test_what_git_cannot_merge_stays_as_the_team_had_it(project: Path, fresh: Path) -> None:
    """A file with a zero byte is no text to git."""
    (project / "app/items/seed.py").write_bytes(b"mine\0")
    commit(project, "Mine")

    update(project, to=NEXT)

    assert (project / "app/items/examples.py").read_bytes() == b"mine\0"
    assert difference(Tree(project), Tree(fresh)) == ["app/items/examples.py"]


def test_steps_of_this_release_name_places_of_today() -> None:
    """What moves twice would lose its edits, if the first step still named the place between."""
    assert misplaced(questions_file()["_migrations"], ROOT / "template") == []


def test_place_between_two_moves_is_found(template: TemplateRepository) -> None:
    steps = [*STEPS, step("after", "move", "app/items/examples.py", "app/items/samples.py")]

    found = misplaced(steps, template.path / "template")

    assert found == ["app/items/samples.py"]


def misplaced(steps: list[dict[str, Any]], rendered_from: Path) -> list[str]:
    """The new places that the template does not have."""
    moves = [one["command"] for one in steps if one["command"][1].endswith("/move.py")]
    return [
        new
        for *_, new in moves
        if not any((rendered_from / name).exists() for name in (new, f"{new}.jinja"))
    ]


def questions_file() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text())
    return loaded


def test_without_trust_nothing_is_done(project: Path) -> None:
    """Copier refuses to run the scripts, before it touches a file."""
    with pytest.raises(UnsafeTemplateError):
        copier.run_update(project, vcs_ref=NEXT, defaults=True, overwrite=True, quiet=True)

    assert changes(project) == ""
    assert "tracing: true\n" in (project / ANSWERS).read_text()
