"""The suite of each rendered service is green, where exactly its packages are installed."""

import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from tests.conftest import Count
from tests.manifest import enabled
from tests.projects import Project
from tests.rendering import Renders
from tests.tools import PYTHON_VERSION
from tests.variants import Service, Variant, all_services, options, services

pytestmark = pytest.mark.suites


def rotated(service: Service) -> Variant:
    """Another mix of tools for each service, so that every tool is in some run."""
    candidates = [variant for variant in service.variants if variant["package_manager"] == "uv"]
    return candidates[all_services().index(service) * 7 % len(candidates)]


# Reasons for which a project's own tests may leave one out here.
SKIPS = {"this project's database is Postgres"}


def run_suite(project: Project, folder: Path, *options: str, **variables: str) -> None:
    """Its tests pass, none is skipped in silence; with --cov they cover what it asks for."""
    path = folder / "report.xml"
    project.run("pytest", "--quiet", f"--junit-xml={path}", *options, **variables)
    report = path.read_text()

    assert int(re.findall(r'<testsuite [^>]*tests="(\d+)"', report)[0]) > 0
    assert {
        unescape(reason) for reason in re.findall(r'<skipped [^>]*message="(.*?)"', report)
    } <= SKIPS


@pytest.mark.parametrize("service", services(), ids=str)
def test_suite_is_green(service: Service, renders: Renders, tmp_path: Path, count: Count) -> None:
    """Installed from nothing by uv; where there is Postgres, also on a server of somebody else."""
    project = Project.make(renders, rotated(service), tmp_path / "project")

    project.sync()
    run_suite(project, tmp_path, "--cov")
    count("suites run")
    count("installs from nothing")

    # One that somebody runs differs from the one that starts here by its URL: tracing and Sentry
    # see no difference, so that they need not multiply these runs.
    on = enabled(rotated(service).data)
    if on["postgres"] and not on["tracing"] and not on["sentry"]:
        with project.postgres(tmp_path) as url:
            run_suite(project, tmp_path, TEST_DATABASE_URL=url)
        count("suites run on a given Postgres")


@pytest.mark.parametrize("version", sorted(set(options()["python_version"]) - {PYTHON_VERSION}))
def test_suite_is_green_on_other_pythons(
    version: str, renders: Renders, tmp_path: Path, count: Count
) -> None:
    """Everything on, on each Python that the machine has; the summary tells which it has not."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"this machine has no Python {version}")
    most = max(all_services(), key=lambda one: sum(enabled(one.variants[0].data).values()))
    variant = next(v for v in most.variants if v["package_manager"] == "uv")
    project = Project.make(renders, variant, tmp_path / "project")

    project.sync(python)
    run_suite(project, tmp_path, "--cov")

    count("suites run")
    count("installs from nothing")


def interpreter(version: str) -> Path | None:
    """One beside the Python that runs here, as pyenv keeps them, or one on the PATH."""
    beside = Path(sys.base_prefix).parent.glob(f"{version}.*/bin/python{version}")
    on_path = shutil.which(f"python{version}")
    candidates = [*beside, *([Path(on_path)] if on_path else [])]
    return next((path for path in candidates if works(path)), None)


def works(python: Path) -> bool:
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0
