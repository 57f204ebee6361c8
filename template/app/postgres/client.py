"""What a running server is asked."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.core.settings import StartupError
from app.postgres.binaries import Binaries


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
        """Create a database: empty, or a copy of one that nobody is connected to.

        Raises:
            StartupError: it exists, or somebody is connected to the template.
        """
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
