"""Git, as a program: what it says comes back as text, what it refuses as an exception."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from fastapi_trellis.errors import Stop
from fastapi_trellis.screen import interactive


class GitError(Exception):
    """Git refused; the message is what it said last."""


def git(
    *command: str | Path, cwd: Path, given: str = "", env: Mapping[str, str] | None = None
) -> str:
    """Run git and return what it writes.

    Raises:
        GitError: it ended with another code than 0.
        Stop: there is no git.
    """
    quiet = {} if interactive() else {"GIT_TERMINAL_PROMPT": "0"}
    try:
        result = subprocess.run(
            ["git", *map(str, command)],
            cwd=cwd,
            input=given,
            env={**os.environ, **quiet, "LC_ALL": "C.UTF-8", **(env or {})},
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
        )
    except FileNotFoundError:
        raise Stop("There is no git on this machine, and everything here needs it.") from None
    if result.returncode:
        said = (result.stderr or result.stdout).strip().splitlines()
        raise GitError(said[-1] if said else f"git ended with {result.returncode}")
    return result.stdout


def paths(text: str) -> list[str]:
    """Split what git writes with `-z`."""
    return [path for path in text.split("\0") if path]


def top_of(folder: Path) -> Path | None:
    """The root of the work tree that a folder lies in."""
    try:
        return Path(git("rev-parse", "--show-toplevel", cwd=folder).strip())
    except GitError:
        return None
