"""What people have changed survives every change of an answer."""

import re
import shutil
from functools import partial
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.edits import CONFLICT, PACKAGE, conflicts, edit, repeat
from tests.everything import Packages, enter
from tests.projects import Project, steadily
from tests.questions import Answer, options
from tests.repository import TemplateRepository, commit, update
from tests.summary import Count
from tests.test_suites import INDIFFERENT, run_suite, set_times
from tests.test_updates import EVERYTHING, REVISIONS, TOGGLES
from tests.tools import PYTHON_VERSION, UV, run
from tests.trees import Tree, difference
from tests.variants import JOINING, by_turns, code, todays

# Belong to an answer: where it is no longer given they go, with the edits in them.
BELONGING = {
    ".github/workflows/ci.yml",
    ".gitlab-ci.yml",
    "compose.yml",
    "compose.production.yml",
    "deploy/production.env",
    "deploy/kubernetes/overlays/production/settings.env",
}


# Those that change Python, from the smallest answers and from the fullest.
OF_CODE = {
    preset: [
        one
        for one in TOGGLES
        if one.values[1] in (*code(), *JOINING) and str(one.id).startswith(preset)
    ]
    for preset in ("default", "everything")
}


def in_turns() -> list[ParameterSet]:
    """A quarter of all each day, and the others while there is time: decision 21."""
    first = todays(TOGGLES, 4)
    others = [one for one in TOGGLES if one not in first]
    spare = [
        pytest.param(*one.values, id=one.id, marks=pytest.mark.spare) for one in by_turns(others)
    ]
    return [*first, *spare]


@pytest.mark.updates
@pytest.mark.parametrize(("base", "question", "old", "new"), in_turns())
def test_edits_survive_a_toggle(
    base: dict[str, Answer],
    question: str,
    old: Answer,
    new: Answer,
    repository: TemplateRepository,
    tmp_path: Path,
    count: Count,
) -> None:
    """There and back, it equals what the same edits make of a fresh copy: nothing else is left."""
    project = repository.copy(tmp_path / "project", {**base, question: old})
    made = edit(project)
    commit(project, "Notes")

    for name, answer in (("there", new), ("back", old)):
        fresh = repository.copy(tmp_path / name, {**base, question: answer})
        update(project, {question: answer})
        kept = repeat(made, fresh)

        assert conflicts(project) == []
        assert difference(Tree(project), Tree(fresh), without=REVISIONS) == []
        assert {one.path for one in made if one not in kept} <= BELONGING
        commit(project, f"{question}: {answer}")
        made = kept
        count("updates of an edited project")
        count("edits kept", len(kept))


@pytest.mark.updates
def test_package_is_added_as_uv_adds_it(repository: TemplateRepository, tmp_path: Path) -> None:
    """It writes at the end of the list, beside what is switched."""
    project = repository.copy(tmp_path / "project", {"python_version": PYTHON_VERSION})
    run(UV, "add", "--quiet", "--frozen", "humanize>=4", cwd=project)

    assert (
        f'    "pydantic-settings>=2.16",\n{PACKAGE}]\n' in (project / "pyproject.toml").read_text()
    )


@pytest.mark.updates
@pytest.mark.parametrize("tracing", [True, False])
def test_conflict_is_where_both_sides_changed_the_same_line(
    tracing: bool,  # noqa: FBT001
    repository: TemplateRepository,
    tmp_path: Path,
    count: Count,
) -> None:
    """One marker in that place, with both versions, and all else as if nobody had edited there."""
    old, new = (
        '    # OpenTelemetry traces.\n    "app.tracing",\n',
        "    # OpenTelemetry traces.\n",
    )
    line, other = (new, old) if tracing else (old, new)
    project = repository.copy(tmp_path / "project", {"tracing": not tracing})
    features = project / "app" / "features.py"
    assert line in features.read_text()
    mine = f"{line.rstrip()}  # mine\n"
    features.write_text(features.read_text().replace(line, mine))
    commit(project, "Mine")

    update(project, {"tracing": tracing})

    fresh = repository.copy(tmp_path / "fresh", {"tracing": tracing})
    assert conflicts(project) == ["app/features.py"]
    assert difference(Tree(project), Tree(fresh)) == ["app/features.py"]
    ours, theirs = sides(features)
    assert ours == features_with(fresh, other, mine)
    assert theirs == (fresh / "app" / "features.py").read_text()
    count("conflicts that are right")


def features_with(fresh: Path, there: str, mine: str) -> str:
    return (fresh / "app" / "features.py").read_text().replace(there, mine)


def sides(path: Path) -> tuple[str, str]:
    """The two files between which a conflict asks to choose."""
    ours, theirs, side = [], [], ""
    for line in path.read_text().splitlines(keepends=True):
        if line.startswith(("<<<<<<< ", "=======\n", ">>>>>>> ")):
            side = line[0]
            continue
        if side != "=":
            ours.append(line)
        if side != "<":
            theirs.append(line)
    assert len(CONFLICT.findall(path.read_bytes())) == 1
    return "".join(ours), "".join(theirs)


@pytest.mark.suites
@pytest.mark.parametrize(
    ("base", "question", "old", "new"),
    [*todays(OF_CODE["default"], 2), *todays(OF_CODE["everything"])],
)
def test_suite_is_green_after_a_toggle(
    base: dict[str, Answer],
    question: str,
    old: Answer,
    new: Answer,
    repository: TemplateRepository,
    large: Path,
    packages: Packages,
    bytecode: dict[str, str],
    place: Path,
    count: Count,
) -> None:
    """With the edits in it, and the revision that the page on the template asks for.

    From the smallest answers half of them each day, from the fullest an eighth.
    """
    shutil.rmtree(place / "project", ignore_errors=True)
    answers = {"python_version": PYTHON_VERSION, **base, question: old}
    path = repository.copy(place / "project", answers)
    edit(path)
    commit(path, "Notes")

    update(path, {question: new})

    set_times(path)
    project = Project(path, path / ".venv")
    enter(project, large, packages)
    project.run("app", "revision", "Update")
    run_suite(project, place, count, *INDIFFERENT, **bytecode)
    count("suites run after a toggle, with edits")


@pytest.mark.suites
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({}, EVERYTHING, id="all on"),
        *todays([pytest.param(EVERYTHING, {}, id="all off")], 2),
    ],
)
def test_page_on_the_template_leads_to_a_green_project(
    before: dict[str, Answer],
    after: dict[str, Answer],
    repository: TemplateRepository,
    tmp_path: Path,
    count: Count,
) -> None:
    """Word by word: everything on at once, or off, in a project with edits."""
    base = {"python_version": PYTHON_VERSION, "database": "sqlite"}
    off = {name: options()[name][0] for name in EVERYTHING if name != "database"}
    project = repository.copy(tmp_path / "project", {**base, **off, **before})
    made = edit(project)
    commit(project, "Notes")
    installed = Project(project, project / ".venv")
    change, sync, revise, check = words(project / "docs" / "template.md")
    data = {"database": "sqlite", **off, **after}
    given = " ".join(f"--data {name}={str(answer).lower()}" for name, answer in data.items())

    installed.shell(f"{change.replace('--data tracing=true', given)} --defaults")

    fresh = repository.copy(tmp_path / "fresh", Tree(project).answers())
    repeat(made, fresh)
    assert difference(Tree(project), Tree(fresh), without=REVISIONS) == []
    installed.shell(sync)
    installed.shell(revise)
    steadily(partial(installed.shell, check), count)
    count("suites run")


def words(page: Path) -> list[str]:
    """The commands of its first two examples, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)
    return [line.partition("  #")[0] for block in blocks[:2] for line in block.splitlines()]
