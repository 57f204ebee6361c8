"""A service that began on SQLite takes its rows along."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from alembic.migration import MigrationContext
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

from app.cli import cli
from app.core.database.engine import create_engine as create_async_engine
from app.core.database.models import Base
from app.core.database.settings import DatabaseSettings
from app.core.settings import StartupError
from app.items.models import Item, ItemStatus
from app.postgres.importing import ROWS, copy_table, import_rows

MOMENT = datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=UTC)
ITEMS = Base.metadata.tables["item"]
WORDS = Table(
    "word",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("text", String(5)),
    Column("more", JSON),
)


def item(number: int) -> dict[str, object]:
    return {
        "id": UUID(int=number),
        "owner_id": "somebody",
        "name": f"Nº {number} 🚀",
        "description": "",
        "status": ItemStatus.ACTIVE,
        "version": 3,
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    """The file of a service whose last migration was the newest one."""
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def file_of(engine: Engine) -> Path:
    engine.dispose()
    return Path(str(engine.url.database))


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[AsyncConnection]:
    engine = create_async_engine(DatabaseSettings(url=url))
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


def revisions(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()


async def test_rows_arrive_as_they_were(sqlite: Engine, migrated_database: str) -> None:
    """More of them than one statement takes, with moments, versions and other scripts."""
    async with connected(migrated_database) as connection:
        [revision] = await connection.run_sync(revisions)
    with sqlite.begin() as source:
        source.execute(insert(Item), [item(number) for number in range(ROWS + 1)])
        source.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        source.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": revision})

    result = await asyncio.to_thread(
        CliRunner().invoke, cli, ["postgres", "import-sqlite", str(file_of(sqlite))]
    )

    assert result.exit_code == 0, result.output
    assert f"item: {ROWS + 1} imported" in result.output
    async with connected(migrated_database) as connection:
        found = await connection.execute(select(ITEMS).where(Item.id == UUID(int=ROWS)))
        assert [dict(row) for row in found.mappings()] == [item(ROWS)]


async def test_nothing_is_imported_where_it_would_not_be_right(
    sqlite: Engine, migrated_database: str
) -> None:
    """Another revision; no file; rows here already: a sentence, and no row."""
    with sqlite.begin() as source:
        source.execute(insert(Item), [item(1)])
    file = file_of(sqlite)

    async with connected(migrated_database) as connection:
        with pytest.raises(StartupError, match=r"at revision none, and this database at \w"):
            await connection.run_sync(import_rows, file)
        with pytest.raises(StartupError, match="no file"):
            await connection.run_sync(import_rows, file.with_name("other.db"))
        assert await connection.scalar(select(func.count()).select_from(Item)) == 0

        await connection.execute(insert(Item), [item(2)])
        with sqlite.connect() as source, pytest.raises(StartupError, match="has rows already"):
            await connection.run_sync(lambda to: copy_table(source, to, ITEMS))


async def test_numbers_go_on_and_nothing_stays_nothing(
    sqlite: Engine, migrated_database: str
) -> None:
    """A column that counts goes on counting; what was not stored is not stored here either."""
    WORDS.metadata.create_all(sqlite)
    with sqlite.begin() as source:
        source.execute(insert(WORDS), [{"number": 7, "text": "seven", "more": {"a": None}}])
        source.execute(text("INSERT INTO word (number, text) VALUES (8, 'eight')"))

    async with connected(migrated_database) as connection:
        await connection.run_sync(WORDS.metadata.create_all)
        with sqlite.connect() as source:
            await connection.run_sync(lambda to: copy_table(source, to, WORDS))
        await connection.execute(insert(WORDS), [{"text": "nine", "more": None}])
        rows = await connection.execute(text("SELECT number, more IS NULL FROM word ORDER BY 1"))

        assert [tuple(row) for row in rows] == [(7, False), (8, True), (9, False)]


async def test_row_that_does_not_fit_is_named(sqlite: Engine, migrated_database: str) -> None:
    """SQLite takes texts of any length."""
    WORDS.metadata.create_all(sqlite)
    with sqlite.begin() as source:
        source.execute(insert(WORDS), [{"text": "too long"}])

    async with connected(migrated_database) as connection:
        await connection.run_sync(WORDS.metadata.create_all)
        with (
            sqlite.connect() as source,
            pytest.raises(StartupError, match="A row of word does not fit, nothing was imported"),
        ):
            await connection.run_sync(lambda to: copy_table(source, to, WORDS))
