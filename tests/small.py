"""A small template for the tests of the command line, and projects rendered from it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest

from tests.command_line import SECOND, small_template
from tests.repository import commit


@pytest.fixture(scope="session")
def small(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_template(source, tmp_path_factory.mktemp("small") / "trellis")


@pytest.fixture
def project(small: Path, tmp_path: Path) -> Callable[..., Path]:
    """Make a committed project with some answers."""

    def make(release: str = SECOND, **answers: Any) -> Path:
        folder = tmp_path / "project"
        copier.run_copy(str(small), folder, answers, vcs_ref=release, defaults=True, quiet=True)
        commit(folder, "Render the service")
        return folder

    return make
