"""Lists of packages install and import, and each set of Python files has the right types."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import only_one
from tests.everything import Packages
from tests.projects import Project, dependencies
from tests.questions import options
from tests.rendering import Renders
from tests.summary import Count
from tests.tools import PYTHON_VERSION
from tests.variants import (
    JOINING,
    Service,
    Variant,
    all_suites,
    code,
    covering,
    fullest,
    services,
    variant,
)

pytestmark = pytest.mark.installs

# The oldest and the newest Python that a project may ask for.
VERSIONS = [str(version) for version in options()["python_version"]]
TARGETS = (min(VERSIONS), max(VERSIONS))
CHECKERS = [str(name) for name in options()["type_checker"] if name != "none"]


def lists() -> list[Variant]:
    """Each answer alone, all at once, and those in which each pair of answers occurs."""
    alone = [
        variant({"tasks": name == "broker", name: value})
        for name in (*code(), *JOINING, "type_checker", "pre_commit")
        for value in options()[name]
    ]
    return list(dict.fromkeys([*alone, fullest(), *covering()]))


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One environment after the other in one place: `uv sync` adds and removes the difference."""
    return tmp_path_factory.mktemp("environment") / "venv"


@pytest.mark.parametrize("chosen", lists(), ids=str)
def test_list_of_packages_installs(
    chosen: Variant, renders: Renders, environment: Path, tmp_path: Path, count: Count
) -> None:
    project = Project.make(renders, chosen, tmp_path / "project").in_environment(environment)

    project.sync()

    assert '"openapi"' in project.run("app", "openapi")
    count("lists of packages installed")


def test_shared_environment_has_what_each_list_brings(renders: Renders, packages: Packages) -> None:
    """So the suites miss nothing there; what they must not see, its guard hides."""
    for chosen in lists():
        needed = dependencies(renders.tree(chosen))

        assert packages.missing(needed) == set(), chosen


@pytest.fixture(scope="session")
def typed(shared: Path, worker_id: str, renders: Renders, large: Path) -> Path:
    """One folder for all sets of files: what two have alike, mypy checks once."""
    first = shared / "types"
    with only_one(shared / "types.lock"):
        if not first.exists():
            project = replaced(renders, fullest(), first, large)
            for version in TARGETS:
                with suppress(AssertionError):  # a test finds it again
                    check_types(project, "mypy", version)
    return Path(shutil.copytree(first, shared / f"types-{worker_id}"))


@pytest.mark.parametrize("service", services(), ids=str)
def test_types_are_right(
    service: Service, large: Path, renders: Renders, typed: Path, count: Count
) -> None:
    """By mypy for each set, for the oldest Python; by pyright, and for the newest, for pairs."""
    for chosen in all_suites()[service]:
        covers = chosen in covering()
        for checker in CHECKERS if covers else ["mypy"]:
            project = replaced(renders, chosen.but(type_checker=checker), typed, large)
            if covers:
                project.add_long_tests()
            # The newest is judged by one of them: what it has and the oldest has not is the same.
            for version in TARGETS if covers and checker == "mypy" else TARGETS[:1]:
                check_types(project, checker, version)
                count(f"type checks by {checker}")


def test_type_error_is_found_beside_what_was_checked_before(
    large: Path, renders: Renders, typed: Path
) -> None:
    """The cache of the last set of files hides nothing of the next."""
    project = replaced(renders, variant({}), typed, large)
    check_types(project, "mypy", TARGETS[0])
    planted = project.path / "app" / "core" / "flags.py"
    planted.write_text(f'{planted.read_text()}\n\nNUMBER: int = "one"\n')

    with pytest.raises(AssertionError, match=r"app/core/flags.py:\d+: error: Incompatible types"):
        check_types(project, "mypy", TARGETS[0])


def replaced(renders: Renders, chosen: Variant, folder: Path, large: Path) -> Project:
    shutil.rmtree(folder / "project", ignore_errors=True)
    return Project.make(renders, chosen, folder / "project").in_environment(large)


def check_types(project: Project, checker: str, version: str) -> None:
    choices = {
        "mypy": ("--python-version", version, "--cache-dir", str(project.path.parent / "mypy")),
        "pyright": ("--pythonversion", version, "--pythonpath", str(project.bin / "python")),
    }
    project.run(checker, *choices[checker])


def test_python_here_is_one_that_projects_may_ask_for() -> None:
    assert PYTHON_VERSION in options()["python_version"]
