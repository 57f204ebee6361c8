"""The suite of each rendered service is green, where it finds the packages that it declares."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from html import unescape
from itertools import chain, repeat
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.everything import Packages, enter
from tests.manifest import enabled
from tests.projects import Project, steadily
from tests.questions import options
from tests.rendering import Renders
from tests.summary import Count
from tests.tools import BIN, PYTHON_VERSION, run
from tests.trees import digest
from tests.variants import (
    Service,
    Variant,
    all_suites,
    covering,
    fullest,
    in_order,
    longest,
    smallest,
    todays,
)

pytestmark = pytest.mark.suites


def from_nothing() -> list[Variant]:
    """One of those that cover, with time each of them."""
    return todays(covering(), len(covering()))


def made_in(place: Path, chosen: Variant, renders: Renders) -> Project:
    """Make the project where the last one was."""
    shutil.rmtree(place / "project", ignore_errors=True)
    project = Project.make(renders, chosen, place / "project")
    set_times(project.path)
    return project


def set_times(project: Path) -> None:
    """The time of a file depends on what is in it: so its byte code is found again."""
    for path in project.rglob("*.py"):
        time = int(digest(path.read_bytes())[:7], 16)
        os.utime(path, (time, time))


# To these, which take a third of a suite, it makes no difference what else is in it: they start the
# service or a worker as a process, hash passwords as slowly as is safe, or are of a part that no
# other one knows of. They run where pairs are covered.
INDIFFERENT = (
    "--ignore=tests/core/test_process.py",
    "--ignore=tests/tasks/test_worker.py",
    "--ignore=tests/auth/test_passwords.py",
    "--ignore=tests/sentry",
    "--ignore=tests/tracing",
)

# Reasons for which a project's own tests may leave one out here.
SKIPS = {"this project's database is Postgres"}


def run_suite(
    project: Project, folder: Path, count: Count, *options: str, **variables: str
) -> None:
    """Its tests pass, none is skipped in silence; with --cov they cover what it asks for."""
    run_tests(project, folder, count, *options, **variables)

    count("suites run")
    count("suites run with coverage", int("--cov" in options))
    count("suites run on a given Postgres", int("TEST_DATABASE_URL" in variables))


def run_tests(
    project: Project, folder: Path, count: Count, *options: str, **variables: str
) -> None:
    path = folder / "report.xml"
    # Where all fails, a few say why.
    command = ("python", "-m", "pytest", "-q", "--maxfail=20", f"--junit-xml={path}", *options)
    steadily(partial(project.run, *command, **variables), count)
    report = path.read_text()
    assert int(re.findall(r'<testsuite [^>]*tests="(\d+)"', report)[0]) > 0
    assert {
        unescape(reason) for reason in re.findall(r'<skipped [^>]*message="(.*?)"', report)
    } <= SKIPS


def measured() -> list[Variant]:
    """Those that are also run with coverage, which takes twice as long: a third each day."""
    return todays(covering(), 3)


@pytest.fixture(scope="session")
def postgres(
    large: Path, renders: Renders, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One server for many suites: to make one, and to stop it, takes two seconds of CPU."""
    place = tmp_path_factory.mktemp("server")
    project = Project.make(renders, fullest(), place / "project").in_environment(large)
    with project.postgres(place) as url:
        yield url


@pytest.mark.parametrize("service", in_order())
def test_suite_is_green(
    service: Service,
    large: Path,
    packages: Packages,
    bytecode: dict[str, str],
    renders: Renders,
    place: Path,
    postgres: str,
    count: Count,
) -> None:
    """With what it declares and nothing else, on a server of its own or on a given one."""
    for chosen in all_suites()[service]:
        project = made_in(place, chosen, renders)
        enter(project, large, packages)
        given = {"TEST_DATABASE_URL": postgres} if enabled(chosen.data)["postgres"] else {}
        if chosen not in covering():
            run_suite(project, place, count, *INDIFFERENT, **given, **bytecode)
        elif chosen not in measured():
            run_suite(project, place, count, **given, **bytecode)
        else:  # by what a project has itself
            run_suite(project, place, count, "--cov", **bytecode)
        if chosen in longest():
            run_tests(project, place, count, *project.add_long_tests(), **given, **bytecode)
            count("suites run with the long tests")


@pytest.mark.parametrize("chosen", [smallest(), fullest()], ids=str)
def test_long_tests_keep_the_rules_of_a_project(
    chosen: Variant, renders: Renders, tmp_path: Path
) -> None:
    project = Project.make(renders, chosen, tmp_path / "project")
    project.add_long_tests()

    run(BIN / "ruff", "check", "--no-cache", cwd=project.path)
    run(BIN / "ruff", "format", "--no-cache", "--check", cwd=project.path)


@pytest.mark.parametrize("chosen", [smallest(), *from_nothing()], ids=str)
def test_suite_is_green_where_exactly_its_packages_are(
    chosen: Variant, renders: Renders, tmp_path: Path, count: Count
) -> None:
    """Installed from nothing by uv; by pip and in the words of CI: `test_commands.py`.

    As `just check` runs them, two at a time: all parts find the same tests, none needs another
    one's servers, and what each has covered is put together.
    """
    project = Project.make(renders, chosen, tmp_path / "project")

    project.sync()
    run_suite(project, tmp_path, count, "-n", "2", "--cov")

    count("suites run with two tests at a time")
    count("installs from nothing")


def on_others() -> Iterator[ParameterSet]:
    """The newest ones with everything, the oldest of them with little."""
    versions = sorted(set(options()["python_version"]) - {PYTHON_VERSION})
    for version, chosen in zip(versions, chain([smallest()], repeat(fullest())), strict=False):
        yield pytest.param(str(version), chosen, id=f"{version}-{chosen}")


@pytest.mark.parametrize(("version", "chosen"), list(on_others()))
def test_suite_is_green_on_other_pythons(
    version: str, chosen: Variant, renders: Renders, tmp_path: Path, count: Count
) -> None:
    """On each Python that the machine has; the summary tells which it has not."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"this machine has no Python {version}")
    project = Project.make(renders, chosen, tmp_path / "project")

    project.sync(python)
    run_suite(project, tmp_path, count)

    count("installs from nothing")


def interpreter(version: str) -> Path | None:
    """One beside the Python that runs here, as pyenv keeps them, or one on the PATH."""
    beside = Path(sys.base_prefix).parent.glob(f"{version}.*/bin/python{version}")
    on_path = shutil.which(f"python{version}")
    candidates = [*beside, *([Path(on_path)] if on_path else [])]
    return next((path for path in candidates if works(path)), None)


def works(python: Path) -> bool:
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0
