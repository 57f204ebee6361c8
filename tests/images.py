"""Images of rendered projects, built by a real engine."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine import Engine, obstacle, running_engine
from tests.questions import Answer
from tests.rendering import Renders, render
from tests.stack import HARDENED

COMMIT = "c0ffee1"
PRODUCTION = "compose.production.yml"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One at a time on a machine: others wait until the tests of a file are done."""
    if reason := obstacle():
        pytest.skip(reason)
    with running_engine() as engine:
        yield engine


def project_of(renders: Renders, answers: dict[str, Answer], folder: Path) -> Path:
    project = folder / "project"
    render(renders.source, project, answers)
    return project


def build(engine: Engine, project: Path, image: str, *options: str) -> tuple[int, str]:
    """Return the seconds that it took, and what it said."""
    begin = time.monotonic()
    result = engine.attempt("build", "--tag", image, *options, project, cwd=project)
    assert result.returncode == 0, result.stderr
    return round(time.monotonic() - begin), result.stderr


def warnings(output: str) -> list[str]:
    """What steps of a build have said, and not what they are."""
    return re.findall(r"^#\d+ [\d.]+ WARNING: (.*?:)", output, re.MULTILINE)


def size(engine: Engine, image: str) -> int:
    return round(int(engine.docker("image", "inspect", "--format", "{{.Size}}", image)) / 1e6)


def said(engine: Engine, *arguments: str) -> str:
    """What a container says that has to fail."""
    result = engine.attempt("run", "--rm", *HARDENED, *arguments)
    assert result.returncode in {1, 2}, result
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


def in_image(engine: Engine, image: str, line: str) -> str:
    return engine.docker("run", "--rm", "--entrypoint", "sh", image, "-c", line).strip()
