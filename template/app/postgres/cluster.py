"""A folder with Postgres' data, and the server of it."""

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO
from urllib.parse import quote

from app.core.settings import StartupError
from app.postgres.lock import hold
from app.postgres.root import account, hand_over

ALIVE = "alive.lock"
"""Held by every process of the server, so that a dead one cannot be taken for a living one."""
PATIENCE = 10
"""Seconds for a server that starts or ends without our doing."""
LOG = "server.log"
PORT = "5432"
SOCKETS = "postgres-"
UNSAFE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True)
class Cluster:
    """Its superuser `postgres` needs no password.

    Args:
        binaries: the folder with the programs.
    """

    binaries: Path
    data: Path
    durable: bool

    def url(self, database: str) -> str:
        """Return the value for DATABASE_URL."""
        query = f"host={quote(self.sockets)}&port={PORT}"
        return f"postgresql+asyncpg://postgres@/{quote(database)}?{query}"

    def create_database(self, name: str) -> None:
        """Create an empty database, if there is none of this name."""
        try:
            self.run("createdb", name)
        except StartupError as error:
            if f'database "{name}" already exists' not in str(error):
                raise

    def answers(self) -> bool:
        if not self.sockets:
            return False
        try:
            self.run("pg_isready")
        except StartupError:
            return False
        return True

    def serve(self) -> None:
        """Start the server, unless it runs. One process at a time may call it.

        Raises:
            StartupError: it does not start, or one that runs does not answer.
        """
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        deadline = time.monotonic() + PATIENCE
        with (self.data / ALIVE).open("w") as alive:
            while not self.answers():
                if hold(alive, wait=False):
                    self._start(alive)
                elif time.monotonic() > deadline:
                    msg = f"A server that does not answer uses {self.data}: see postmaster.pid."
                    raise StartupError(msg)
                else:
                    time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server, if it lives; without `durable`, remove the data."""
        if self._lives() and self._pid_file.exists():
            sockets = self.sockets
            mode = "--mode=fast" if self.durable else "--mode=immediate"
            self.run("pg_ctl", "stop", "--wait", mode)
            _remove_sockets(sockets)
        if not self.durable:
            shutil.rmtree(self.data, ignore_errors=True)

    @property
    def sockets(self) -> str:
        """The folder where the server listens that wrote its pid file last; it may be gone."""
        with suppress(OSError, IndexError):
            return self._pid_file.read_text().splitlines()[4]
        return ""

    @property
    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def _lives(self) -> bool:
        with suppress(FileNotFoundError), (self.data / ALIVE).open() as alive:
            return not hold(alive, wait=False)
        return False

    def _initialise(self) -> None:
        # Renamed when complete: what a killed initdb leaves looks much like a cluster.
        new = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        hand_over(new)
        # Postgres' own locale: the same letters and the same order on every machine.
        locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        # Nothing is in it yet that would be worth waiting for the disk.
        others = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync")
        replace(self, data=new).run("initdb", *locale, *others)
        new.rename(self.data)

    def _start(self, alive: IO[str]) -> None:
        # We have the lock, so no server lives, but the number in a pid file that was left over
        # may be another process by now: Postgres would not start beside it.
        _remove_sockets(self.sockets)
        self._pid_file.unlink(missing_ok=True)
        (self.data / LOG).unlink(missing_ok=True)
        # A socket's path may have about 100 characters, and TMPDIR can be long or locked.
        sockets = tempfile.mkdtemp(prefix=SOCKETS, dir="/tmp")
        hand_over(Path(sockets))
        options = {"listen_addresses": "", "unix_socket_directories": sockets, "port": PORT}
        options |= {} if self.durable else UNSAFE
        line = shlex.join(f"--{name}={value}" for name, value in options.items())
        start = ("start", "--wait", "--log", LOG, "--options", line)
        try:
            self.run("pg_ctl", *start, keep=[alive.fileno()])
        except BaseException:
            # Also after Ctrl-C: without its folder a server that is half up gives up.
            shutil.rmtree(sockets, ignore_errors=True)
            raise

    def run(self, program: str, *arguments: str, keep: Sequence[int] = ()) -> None:
        """Run a program to its end; `keep` are the open files it inherits.

        Raises:
            StartupError: it failed; the message ends with what it and the server's log say.
        """
        user, group = account() or (None, None)
        result = subprocess.run(  # noqa: S603 (our own arguments, and no shell)
            [self.binaries / program, *arguments],
            check=False,
            # Paths in options pass through a shell. In this folder none needs to be named.
            cwd=self.data,
            # Neither our secrets nor another PGHOST, a strange LANG or the like reach it.
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
            | {"PGDATA": str(self.data), "PGUSER": "postgres"}
            | {"PGHOST": self.sockets, "PGPORT": PORT},
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
            lines = result.stdout.splitlines()[-3:]
            if program == "pg_ctl" and (log := self.data / LOG).exists():
                lines += log.read_text(errors="replace").splitlines()[-6:]
            failed = f"Postgres for development: {program} failed:"
            raise StartupError("\n  ".join([failed, *lines]))


def _remove_sockets(folder: str) -> None:
    if Path(folder).name.startswith(SOCKETS):
        shutil.rmtree(folder, ignore_errors=True)
