"""SQLite made fit for a service: write-ahead log, foreign keys, patience, real transactions."""

import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from app.core.settings import StartupError

READ_ONLY = {"sqlite_begin": "BEGIN DEFERRED"}
"""Execution options of an engine whose transactions only read."""

PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers do not wait for the writer
    "PRAGMA synchronous = NORMAL",  # safe with WAL: a power cut loses the last moment, no more
    "PRAGMA foreign_keys = ON",  # off by default, for compatibility with 2009
)


def require_folder(url: URL) -> None:
    """Tell at the start that the file can never be opened, instead of waiting for it."""
    path = Path(url.database or ":memory:")
    if not path.name.startswith(":") and not path.parent.is_dir():
        raise StartupError(f"DATABASE_URL: there is no folder {path.parent}.")


class LettingGo(sqlite3.Connection):
    """Ends its transaction when it is closed, as happens where a statement is cancelled.

    Else SQLite keeps it, and the lock with it, as long as something refers to a cursor: a traceback
    of the cancelled request, for one. https://www.sqlite.org/c3ref/close.html
    """

    def close(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it is closed already
            self.rollback()
        super().close()


def prepare_sqlite(engine: Engine) -> None:
    """Set up each new connection."""

    @event.listens_for(engine, "connect")
    def connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # The driver would begin transactions late and never around DDL: `begin` below does it.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once and waits for it: one that reads first and upgrades
        # later is refused without waiting when another has written in between.
        options = connection.get_execution_options()
        connection.exec_driver_sql(options.get("sqlite_begin", "BEGIN IMMEDIATE"))
