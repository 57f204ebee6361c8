"""A folder with Postgres' data, and the server of it."""

import shlex
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.core.settings import StartupError
from app.postgres.binaries import LOG, Binaries
from app.postgres.client import Postgres
from app.postgres.lock import hold
from app.postgres.root import hand_over

ALIVE = "alive.lock"
"""Held by every process of the server, so that a dead one cannot be taken for a living one."""
PATIENCE = 10
"""Seconds for a server that starts or ends without our doing."""
SOCKETS = "postgres-"
UNSAFE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True)
class Cluster:
    binaries: Binaries
    data: Path
    durable: bool

    def running(self) -> Postgres | None:
        """Return the server if there is one that answers."""
        server = self._recorded()
        return server if server and server.answers() else None

    def serve(self) -> Postgres:
        """Return the running server, started if need be. One process at a time may call it.

        Raises:
            StartupError: it does not start, or one that runs does not answer.
        """
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        deadline = time.monotonic() + PATIENCE
        with (self.data / ALIVE).open("w") as alive:
            while not (server := self.running()):
                if hold(alive, wait=False):
                    self._start(alive)
                elif time.monotonic() > deadline:
                    msg = f"A server that does not answer uses {self.data}: see postmaster.pid."
                    raise StartupError(msg)
                else:
                    time.sleep(0.05)
        return server

    def stop(self) -> None:
        """Stop the server, if it lives; without `durable`, remove the data."""
        if self._lives() and self._pid_file.exists():
            server = self._recorded()
            mode = "--mode=fast" if self.durable else "--mode=immediate"
            self.binaries.run("pg_ctl", "stop", "--wait", mode, data=self.data)
            _remove_sockets(server)
        if not self.durable:
            shutil.rmtree(self.data, ignore_errors=True)

    @property
    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def _recorded(self) -> Postgres | None:
        """Return the server that wrote its pid file last; it may be gone."""
        with suppress(OSError, ValueError):
            _, _, _, port, sockets, *_ = self._pid_file.read_text().splitlines()
            return Postgres(self.binaries, self.data, sockets, port)
        return None

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
        self.binaries.run("initdb", *locale, *others, data=new)
        new.rename(self.data)

    def _start(self, alive: IO[str]) -> None:
        # We have the lock, so no server lives, but the number in a pid file that was left over
        # may be another process by now: Postgres would not start beside it.
        _remove_sockets(self._recorded())
        self._pid_file.unlink(missing_ok=True)
        (self.data / LOG).unlink(missing_ok=True)
        # A socket's path may have about 100 characters, and TMPDIR can be long or locked.
        sockets = tempfile.mkdtemp(prefix=SOCKETS, dir="/tmp")
        hand_over(Path(sockets))
        options = {"listen_addresses": "", "unix_socket_directories": sockets, "port": "5432"}
        options |= {} if self.durable else UNSAFE
        line = shlex.join(f"--{name}={value}" for name, value in options.items())
        start = ("start", "--wait", "--log", LOG, "--options", line)
        try:
            self.binaries.run("pg_ctl", *start, data=self.data, keep=[alive.fileno()])
        except BaseException:
            # Also after Ctrl-C: without its folder a server that is half up gives up.
            shutil.rmtree(sockets, ignore_errors=True)
            raise


def _remove_sockets(server: Postgres | None) -> None:
    if server and Path(server.sockets).name.startswith(SOCKETS):
        shutil.rmtree(server.sockets, ignore_errors=True)
