"""A rendered project's test that fails is run once more, and named."""

from pathlib import Path

import pytest

from tests.projects import steadily
from tests.tools import run

pytestmark = pytest.mark.suites

TESTS = """
from pathlib import Path

def test_slow_moment():
    met = Path("met")
    before = met.exists()
    met.touch()
    assert before

def test_fault():
    assert {fault}
"""


def prove(folder: Path, python: Path, named: list[str], *, fault: str) -> None:
    (folder / "test_it.py").write_text(TESTS.format(fault=fault))

    def run_tests(**variables: str) -> str:
        return run(python, "-m", "pytest", "-q", cwd=folder, env=variables)

    steadily(run_tests, named.append)


def test_slow_moment_is_named(tmp_path: Path, large: Path) -> None:
    named: list[str] = []

    prove(tmp_path, large / "bin" / "python", named, fault="True")

    assert named == ["passed only when run again: test_it.py::test_slow_moment"]


def test_fault_is_a_failure(tmp_path: Path, large: Path) -> None:
    with pytest.raises(AssertionError, match="test_fault"):
        prove(tmp_path, large / "bin" / "python", [], fault="False")
