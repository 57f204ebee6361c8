"""What makes a rendered folder a project: a lock file and a first commit."""

import os
import shutil
import subprocess
from pathlib import Path

from fastapi_trellis.git import GitError, git, top_of
from fastapi_trellis.screen import progress, warn
from fastapi_trellis.sheet import Filled


def lock(folder: Path, filled: Filled) -> bool:
    """`uv lock`, where the project is one of uv and the machine has it."""
    program = shutil.which("uv")
    if filled.values.get("package_manager") != "uv" or program is None:
        return False
    # That of an active virtual environment is another project's.
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    with progress("Locking the packages"):
        result = subprocess.run(
            [program, "lock", "--quiet"], cwd=folder, env=environment, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
    if result.returncode:
        reason = next(iter(result.stderr.strip().splitlines()), "")
        warn(f"Not locked, do it later with uv lock: {reason}")
    return result.returncode == 0


def commit(folder: Path, parent: Path) -> bool:
    """Begin its history, which updates need, but not inside somebody else's."""
    around = top_of(parent)
    if around is not None:
        warn(f"It lies in the repository {around}: commit it there.")
        return False
    try:
        git("init", "--quiet", "--initial-branch", "main", cwd=folder)
        git("add", "--all", cwd=folder)
        git("commit", "--quiet", "--message", "Render the service", cwd=folder)
    except GitError as error:
        warn(f"Not committed, do it yourself, as updates need it: {error}")
        return False
    return True
