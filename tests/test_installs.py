"""Each distinct list of packages installs, and each set of Python files has the right types."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Count
from tests.projects import Project, dependencies
from tests.rendering import Renders
from tests.tools import PYTHON_VERSION
from tests.variants import Service, Variant, options, services

pytestmark = pytest.mark.installs

# The oldest and the newest Python that a project may ask for.
TARGETS = (min(options()["python_version"]), max(options()["python_version"]))
CHECKERS = [name for name in options()["type_checker"] if name != "none"]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One environment after the other in one place: `uv sync` adds and removes the difference.

    The suites install from nothing. Here that would compile the same packages dozens of times.
    """
    return tmp_path_factory.mktemp("environment") / "venv"


def distinct_lists(service: Service, renders: Renders) -> Iterator[Variant]:
    """A variant for each list of packages: pip's lists are the same, and in `test_suites.py`."""
    seen = set()
    for variant in service.variants:
        packages = dependencies(renders.tree(variant))
        if packages not in seen and variant["package_manager"] == "uv":
            seen.add(packages)
            yield variant


@pytest.mark.parametrize("service", services(), ids=str)
def test_every_list_of_packages_installs(
    service: Service, renders: Renders, environment: Path, tmp_path: Path, count: Count
) -> None:
    lists = list(distinct_lists(service, renders))
    with_pip = {dependencies(renders.tree(v)) for v in service.variants}

    for number, variant in enumerate(lists):
        project = Project.make(renders, variant, tmp_path / str(number))
        project.in_environment(environment).sync()
        document = project.in_environment(environment).run("app", "openapi")
        assert '"openapi"' in document

    assert len(lists) == len(with_pip)
    count("lists of packages installed", len(lists))


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("service", services(), ids=str)
def test_types_are_right(
    service: Service,
    checker: str,
    renders: Renders,
    environment: Path,
    tmp_path: Path,
    count: Count,
) -> None:
    variant = next(v for v in service.variants if v["type_checker"] == checker)
    project = Project.make(renders, variant, tmp_path / "project").in_environment(environment)
    project.sync()

    for version in TARGETS:
        # The cache is that of the packages: they are the same in most projects.
        options = {
            "mypy": ("--python-version", version, "--cache-dir", environment.parent / "mypy"),
            "pyright": ("--pythonversion", version, "--pythonpath", project.bin / "python"),
        }
        project.run(checker, *map(str, options[checker]))
        count("type checks")


def test_python_here_is_one_that_projects_may_ask_for() -> None:
    assert PYTHON_VERSION in options()["python_version"]
