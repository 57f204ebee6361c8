"""The shared environment shows a project what it declares, and nothing else."""

from pathlib import Path

import pytest

from tests.everything import Packages, enter
from tests.projects import Project
from tests.rendering import Renders
from tests.tools import attempt, environment
from tests.variants import variant

pytestmark = pytest.mark.suites

# Hidden: of another answer, in the same namespace as what is there, and what nobody declares.
HIDDEN = ("asyncpg", "sentry_sdk", "opentelemetry.sdk", "jwt", "celery")
SHOWN = ("app", "aiosqlite", "fastapi", "opentelemetry.context", "pytest_cov", "starlette")

ASK = """
import importlib, importlib.metadata, importlib.util, subprocess, sys

def there(name):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return False
    return True

def listed(name):
    return name in {one.metadata["Name"].lower() for one in importlib.metadata.distributions()}

hidden, shown = (names.split(",") for names in sys.argv[1:3])
print([name for name in hidden if there(name)], [name for name in shown if not there(name)])
print(importlib.util.find_spec(hidden[0]), listed(hidden[0]), listed("aiosqlite"))
if len(sys.argv) == 3:
    subprocess.run([sys.executable, *sys.orig_argv[1:], "again"], check=True)
"""


def test_undeclared_packages_are_not_there(
    large: Path, packages: Packages, renders: Renders, tmp_path: Path
) -> None:
    """Nor in a process that a test starts."""
    project = Project.make(renders, variant({"auth": "none"}), tmp_path / "project")
    enter(project, large, packages)

    said = project.run("python", "-c", ASK, ",".join(HIDDEN), ",".join(SHOWN))

    assert said == "[] []\nNone False True\n" * 2


def test_suite_that_needs_what_is_not_declared_fails(
    large: Path, packages: Packages, renders: Renders, tmp_path: Path
) -> None:
    project = Project.make(renders, variant({"auth": "none"}), tmp_path / "project")
    enter(project, large, packages)
    planted = project.path / "app" / "items" / "schemas.py"
    planted.write_text(f"import sentry_sdk\n\n{planted.read_text()}")

    result = attempt(
        project.bin / "python", "-m", "pytest", "-q", cwd=project.path, env=environment()
    )

    assert result.returncode != 0
    assert "No module named 'sentry_sdk'" in result.stdout + result.stderr
