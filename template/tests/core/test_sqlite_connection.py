"""How a connection to SQLite is prepared, in services on Postgres too: Python has all of it."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from app.core.database.sqlite import LettingGo, prepare_sqlite, require_folder
from app.core.settings import StartupError


def test_connection_is_made_fit_for_a_service(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/app.db")
    prepare_sqlite(engine)

    with engine.connect() as connection:
        foreign_keys = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    engine.dispose()

    assert (foreign_keys, journal) == (1, "wal")


def test_closed_connection_keeps_no_lock(tmp_path: Path) -> None:
    one = sqlite3.connect(tmp_path / "app.db", factory=LettingGo)
    cursor = one.execute("CREATE TABLE t (id INTEGER)")
    cursor = one.execute("INSERT INTO t VALUES (1)")

    one.close()
    one.close()

    other = sqlite3.connect(tmp_path / "app.db", timeout=0)
    other.execute("BEGIN IMMEDIATE")
    other.close()
    assert cursor.connection is one  # it was referred to all the time


def test_folder_that_is_not_there_is_told_at_the_start() -> None:
    with pytest.raises(StartupError, match="there is no folder"):
        require_folder(make_url("sqlite:////nonexistent/app.db"))
