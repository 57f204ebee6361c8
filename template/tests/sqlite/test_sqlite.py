import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from aiosqlite import Cursor
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.database.engine import open_database
from app.core.database.errors import DatabaseUnavailable
from app.core.database.settings import DatabaseSettings


async def test_sqlite_writer_waits_and_then_gives_up(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/app.db"
    settings = DatabaseSettings(url=url, statement_timeout=0.05)
    async with open_database(settings) as database, database.write.begin() as session:
        await session.execute(text("CREATE TABLE t (id INTEGER PRIMARY KEY)"))
        async with database.read.begin() as reader:
            assert (await reader.execute(text("PRAGMA foreign_keys"))).scalar() == 1
            assert (await reader.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        with pytest.raises(DatabaseUnavailable):
            async with database.write.begin() as second, asyncio.timeout(5):
                await second.execute(text("SELECT 1"))
        with suppress(DBAPIError):
            await session.rollback()


async def test_cancelled_writer_lets_go_of_the_lock(tmp_path: Path) -> None:
    """Also while something still refers to its cursor, as a traceback does."""
    url = f"sqlite+aiosqlite:///{tmp_path}/app.db"
    long = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000) "
        "SELECT count(*) FROM n"
    )
    cursors: list[Cursor] = []

    async def write() -> None:
        async with database.write.begin() as session:
            raw = await (await session.connection()).get_raw_connection()
            assert raw.driver_connection is not None
            cursors.append(await raw.driver_connection.execute("CREATE TABLE t (id INTEGER)"))
            await session.execute(long)

    settings = DatabaseSettings(url=url, statement_timeout=1)
    async with open_database(settings) as database:
        writing = asyncio.create_task(write())
        await asyncio.sleep(0.01)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        async with database.write.begin() as session:
            await session.execute(text("CREATE TABLE t (id INTEGER)"))

    assert cursors


async def test_a_transaction_runs_what_it_is_asked_and_no_more(tmp_path: Path) -> None:
    """Each statement costs two changes of threads: none is there to find out about the file."""
    statements: list[str] = []
    url = f"sqlite+aiosqlite:///{tmp_path}/app.db"
    async with open_database(DatabaseSettings(url=url)) as database:
        async with database.read.begin() as session:
            raw = await (await session.connection()).get_raw_connection()
            assert raw.driver_connection is not None
            await raw.driver_connection.set_trace_callback(statements.append)
        statements.clear()
        async with database.read.begin() as session:
            await session.execute(text("SELECT 1"))

    assert statements == ["BEGIN DEFERRED", "SELECT 1", "COMMIT"]
