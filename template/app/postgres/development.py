"""Postgres for `app dev`, where no DATABASE_URL is set."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from app.core.database.settings import DatabaseSettings
from app.core.settings import AppSettings, Environment
from app.postgres.server import run_postgres

DATABASE = "app"


@contextmanager
def development_postgres(folder: Path) -> Generator[Mapping[str, str]]:
    """Serve a database kept in a folder, unless DATABASE_URL names another server.

    Tests get one of their own, quick, and gone at the end.

    Raises:
        StartupError: Postgres is not installed or does not start.
    """
    settings = DatabaseSettings.load()
    if "url" in settings.model_fields_set:
        yield {}
        return
    tests = AppSettings.load().environment is Environment.TEST
    data = folder / ("postgres-test" if tests else "postgres")
    with run_postgres(data, durable=not tests) as postgres:
        postgres.create_database(DATABASE)
        yield {settings.variable("url"): postgres.url(DATABASE)}
