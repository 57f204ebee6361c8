"""Postgres for `app dev`, where no DATABASE_URL is set."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from app.core.database.settings import DatabaseSettings
from app.postgres.server import run_postgres

DATABASE = "app"


@contextmanager
def development_postgres(folder: Path) -> Iterator[Mapping[str, str]]:
    """Serve a database kept in a folder, unless DATABASE_URL names another server.

    Raises:
        StartupError: Postgres is not installed or does not start.
    """
    settings = DatabaseSettings.load()
    if "url" in settings.model_fields_set:
        yield {}
        return
    with run_postgres(folder / "postgres", durable=True) as postgres:
        postgres.create_database(DATABASE, exist_ok=True)
        yield {settings.variable("url"): postgres.url(DATABASE)}
