"""Run other programs, with an environment that says nothing of this session."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from uv import find_uv_bin

UV = find_uv_bin()
BIN = Path(sys.executable).parent

PATIENCE = 900  # seconds: the slowest is the suite of a project on a busy machine

PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

# What a virtual environment, pytest or coverage here would tell a project's own.
PRIVATE = ("VIRTUAL_ENV", "PYTHON", "PYTEST_", "COV_", "COVERAGE_", "UV_PYTHON", "TRELLIS_")


def environment(**changes: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(PRIVATE)}
    # Only the machine's own PATH: a tool must come from the project's environment.
    kept["PATH"] = os.pathsep.join(
        folder for folder in kept["PATH"].split(os.pathsep) if Path(folder) != BIN
    )
    return {**kept, **changes}


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Return what the command writes to stdout; where it fails, the test shows all it wrote."""
    result = attempt(*command, cwd=cwd, env=env)
    if result.returncode:
        line = " ".join(map(str, command))
        message = f"{line}\nin {cwd}: exit code {result.returncode}\n{result.stdout}{result.stderr}"
        raise AssertionError(message)
    return result.stdout


def attempt(
    *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment(**env or {}),
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=PATIENCE,
    )
