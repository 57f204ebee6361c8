"""A database that each test finds as the migrations left it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.schema import sort_tables

from app.core.database.engine import Database, open_database
from app.core.database.models import Base
from app.core.database.settings import DatabaseSettings


async def empty(session: AsyncSession) -> None:
    """Delete all rows of all tables, which may refer to each other."""
    tables = [*Base.metadata.tables.values()]
    if session.get_bind().dialect.name == "sqlite":
        await session.execute(text("PRAGMA defer_foreign_keys = ON"))
        for table in tables:
            await session.execute(delete(table))
    elif tables:
        # Postgres looks at references when a statement ends: this is one.
        first, *others = tables
        parts = [delete(table).cte(f"rows of {table.fullname}") for table in others]
        await session.execute(delete(first).add_cte(*parts))


@dataclass(frozen=True)
class SharedDatabase:
    """Tests commit in it, one after the other. To empty it takes a tenth of the time of a copy."""

    url: str
    database: Database
    rows: Mapping[Table, Sequence[dict[str, Any]]]
    """What the migrations put in."""

    async def restore(self) -> None:
        async with self.database.write.begin() as session:
            await empty(session)
            for table, rows in self.rows.items():
                await session.execute(insert(table), rows)


@asynccontextmanager
async def shared_database(url: str) -> AsyncGenerator[SharedDatabase]:
    rows: dict[Table, Sequence[dict[str, Any]]] = {}
    async with open_database(DatabaseSettings(url=url)) as database:
        async with database.read.begin() as session:
            for table in Base.metadata.tables.values():
                found = [dict(row) for row in (await session.execute(select(table))).mappings()]
                rows |= {table: found} if found else {}
        yield SharedDatabase(url, database, {table: rows[table] for table in sort_tables(rows)})
