"""Make, from a bare Python 3.11 with pip, what the other scripts need. All of it is in `build/`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"

UV_VERSION = "uv>=0.13,<0.14"


def need_python() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  (an older one gets as far as this line)
        sys.exit(f"This needs Python 3.11 or newer; this one is {sys.version.split()[0]}.")


def uv() -> str:
    """The path of uv, installed into build/tools.

    `pip install --target` needs no virtual environment, and works where the system's Python
    refuses to be changed.
    """
    tools = BUILD / "tools"
    found = shutil.which("uv", path=str(tools / "bin"))
    if found is None:
        say("Installing uv into build/tools")
        target = ("--target", str(tools), "--upgrade")
        pip = ("-m", "pip", "install", "--quiet", "--root-user-action", "ignore")
        run([sys.executable, *pip, *target, UV_VERSION])
        found = shutil.which("uv", path=str(tools / "bin"))
    if found is None:
        sys.exit("pip installed uv, but build/tools/bin has no uv: remove build/ and try again.")
    return found


def environment(group: str) -> Path:
    """The folder with the programs of a dependency group of pyproject.toml."""
    venv = BUILD / group
    programs = venv / ("Scripts" if os.name == "nt" else "bin")
    if not programs.exists():
        say(f"Making build/{group}")
        run([uv(), "venv", "--quiet", "--python", sys.executable, str(venv)])
    project = f"{ROOT / 'pyproject.toml'}:{group}"
    run([uv(), "pip", "install", "--quiet", "--python", str(venv), "--group", project])
    return programs


def run(command: Sequence[str], folder: Path = ROOT) -> None:
    """Run a command, or end with its exit code: it has said what is wrong."""
    result = subprocess.run(command, cwd=folder, check=False)
    if result.returncode:
        say(f"This failed: {' '.join(command)}")
        sys.exit(result.returncode)


def hand_over(command: Sequence[str], folder: Path = ROOT) -> int:
    """Become another program, so that Ctrl+C and signals are its own; on Windows, wait for it."""
    # A virtual environment that is active here would be taken for the program's own.
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    if os.name != "nt":
        os.chdir(folder)
        os.execve(command[0], list(command), environment)  # noqa: S606  (no shell is wanted)
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def say(text: str) -> None:
    print(f"== {text}", file=sys.stderr, flush=True)
