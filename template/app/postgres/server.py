"""A Postgres server of our own, for development and for tests."""

import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from app.core.settings import StartupError
from app.postgres.binaries import LOG, Binaries, find_binaries
from app.postgres.lock import hold
from app.postgres.root import hand_over, reachable_data

PATIENCE = 10.0
"""Seconds for a server that is starting or ending without us."""

FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True)
class Postgres:
    """A running server. Its superuser `postgres` needs no password."""

    binaries: Binaries
    data: Path
    sockets: str
    port: str

    def url(self, database: str) -> str:
        """Return the value for DATABASE_URL."""
        query = f"host={quote(self.sockets)}&port={self.port}"
        return f"postgresql+asyncpg://postgres@/{quote(database)}?{query}"

    def create_database(
        self, name: str, *, template: str = "template1", exist_ok: bool = False
    ) -> None:
        """Create a database, which can be the copy of one that nobody is connected to."""
        try:
            self._run("createdb", "--template", template, name)
        except StartupError as error:
            if not (exist_ok and f'database "{name}" already exists' in str(error)):
                raise

    def drop_database(self, name: str) -> None:
        """Remove a database if it is there, whoever is connected to it."""
        self._run("dropdb", "--force", "--if-exists", name)

    def answers(self) -> bool:
        try:
            self._run("pg_isready")
        except StartupError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        where = ("--host", self.sockets, "--port", self.port)
        self.binaries.run(program, *where, *arguments, data=self.data)


@contextmanager
def run_postgres(data: Path, *, durable: bool) -> Iterator[Postgres]:
    """Serve the data in a folder: the first to come starts the server, the last to go stops it.

    Without `durable`, for tests, nothing waits for the disk and the data is removed at the end.

    Raises:
        StartupError: Postgres is not installed or does not start.
    """
    ...
