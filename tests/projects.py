"""A rendered project that is installed and used, with its own tools."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.rendering import Renders
from tests.tools import PYTHON_VERSION, UV, environment, run
from tests.variants import Variant

# Tests that take seconds, of what no project changes: they are run here, and no project has them.
LONG = Path(__file__).with_name("long")

# Serves until its input ends.
SERVER = """
import sys
from pathlib import Path
from app.postgres.server import run_postgres

with run_postgres(Path(sys.argv[1]), durable=False) as postgres:
    print(postgres.url("postgres"), flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Project:
    """A copy of a rendered tree, and the environment it is installed in."""

    path: Path
    environment: Path

    @classmethod
    def make(cls, renders: Renders, variant: Variant, path: Path) -> "Project":
        """For the Python that runs here: a project says which one it needs at least."""
        tree = renders.tree(variant.but(python_version=PYTHON_VERSION))
        shutil.copytree(tree, path)
        return cls(path, path / ".venv")

    def in_environment(self, environment: Path) -> "Project":
        return Project(self.path, environment)

    def sync(self, python: str | Path = sys.executable) -> None:
        """Resolve and install with uv: exactly what is declared, nothing else."""
        variables = {"UV_PROJECT_ENVIRONMENT": str(self.environment)}
        run(UV, "sync", "--quiet", "--python", python, cwd=self.path, env=variables)

    def pip_install(self) -> None:
        """What the README says of pip, in an environment such as `python -m venv` makes."""
        self.create()
        self.run("python", "-m", "pip", "install", "--quiet", "--upgrade", "pip")
        self.run("python", "-m", "pip", "install", "--quiet", "-e", ".", "--group", "dev")

    def create(self) -> None:
        """An environment with pip and nothing else."""
        # Not by the venv module itself: Debian has it in a package of its own.
        run(UV, "venv", "--quiet", "--seed", "--python", sys.executable, ".venv", cwd=self.path)

    def shell(self, line: str, **variables: str) -> str:
        """Run a line as CI would, in the activated environment, with uv at hand."""
        path = os.pathsep.join((str(self.bin), str(Path(UV).parent), environment()["PATH"]))
        return run(
            *("bash", "-eo", "pipefail", "-c", line),
            cwd=self.path,
            env={"PATH": path, "VIRTUAL_ENV": str(self.environment), **variables},
        )

    def run(self, command: str, *arguments: str | Path, **variables: str) -> str:
        """Run a program of the project's environment, as if it were activated."""
        path = os.pathsep.join((str(self.bin), environment()["PATH"]))
        return run(
            self.bin / command,
            *arguments,
            cwd=self.path,
            env={"PATH": path, "VIRTUAL_ENV": str(self.environment), **variables},
        )

    @property
    def bin(self) -> Path:
        return self.environment / "bin"

    def add_long_tests(self) -> list[str]:
        """Of each part that it has, beside its own; return their paths in it."""
        parts = [part for part in LONG.iterdir() if (self.path / "tests" / part.name).is_dir()]
        for part in parts:
            shutil.copytree(part, self.path / "tests" / part.name, dirs_exist_ok=True)
        files = (file for part in parts for file in part.rglob("test_*.py"))
        return [str("tests" / file.relative_to(LONG)) for file in files]

    @contextmanager
    def postgres(self, folder: Path) -> Iterator[str]:
        """The URL of a server: TRELLIS_POSTGRES_URL, or the one that `app dev` would start."""
        if url := os.environ.get("TRELLIS_POSTGRES_URL"):
            yield url
            return
        with subprocess.Popen(
            [self.bin / "python", "-c", SERVER, folder / "data"],
            cwd=self.path,
            env=environment(APP_ENVIRONMENT="test"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            assert url.startswith("postgresql"), "Postgres did not start"
            yield url
            server.stdin.close()


def steadily(run_tests: Callable[..., str], count: Callable[[str], None]) -> None:
    """Run tests, and those that fail once more, alone; count each that passes only then.

    A proof runs some ten thousand tests with processes, servers and clocks, several suites at a
    time: of those, one that meets a slow moment should be named, and not hide all others.
    """
    try:
        run_tests()
    except AssertionError as failure:
        if "stopping after" in str(failure):
            raise  # so many that others were not run
        run_tests(PYTEST_ADDOPTS="--last-failed --cov-append")
        for name in re.findall(r"^(?:FAILED|ERROR) (\S+)", str(failure), re.MULTILINE):
            count(f"passed only when run again: {name}")


def dependencies(tree: Path) -> tuple[str, ...]:
    """All packages that a project declares, for itself and for its developers."""
    pyproject = tomllib.loads((tree / "pyproject.toml").read_text())
    extras = pyproject["project"].get("optional-dependencies", {}).values()
    lists = pyproject["project"]["dependencies"], *extras, pyproject["dependency-groups"]["dev"]
    return tuple(sorted({package for packages in lists for package in packages}))
