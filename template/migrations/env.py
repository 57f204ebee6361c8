"""Run by Alembic: connects with the service's own settings and compares with its models."""

import asyncio
from importlib import import_module
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import DropTableOp, MigrationScript
from alembic.util import CommandError
from sqlalchemy import Connection, event, inspect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from app.core.database.engine import create_engine
from app.core.database.models import Base
from app.core.database.settings import DatabaseSettings

import_module("app.features")  # a feature that is imported has told of its tables


def render_item(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Write a column type of our own as the one it stores, so that revisions never import `app`."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def include_name(name: str | None, kind: str, _: object) -> bool:
    """Leave a table alone that no model describes: a part may be off, and its rows are still there.

    `app revision --drop-tables` writes their removal; without it, they are only named.
    """
    if kind != "table" or name in Base.metadata.tables:
        return True
    context.config.attributes.setdefault("left", []).append(name)
    return bool(context.config.attributes.get("drop_tables"))


def order_drops(_: object, __: object, directives: list[MigrationScript]) -> None:
    """A table goes before those that it refers to: Alembic sorts only the tables that come."""
    [script] = directives
    ups, downs = script.upgrade_ops, script.downgrade_ops
    if ups is None or downs is None:
        return
    found = inspect(context.get_bind()).get_sorted_table_and_fkc_names()
    order = [name for name, _ in reversed(found)]
    ups.ops.sort(
        key=lambda op: 1 + order.index(op.table_name) if isinstance(op, DropTableOp) else 0
    )
    ups.reverse_into(downs)


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=include_name,
        process_revision_directives=order_drops,
        render_item=render_item,
        # SQLite cannot alter a table: Alembic copies it.
        render_as_batch=connection.dialect.name == "sqlite",
        # All or nothing, on SQLite too.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        before = dangling(connection)
        context.run_migrations()
        if tables := ", ".join(sorted({table for table, _ in dangling(connection) - before})):
            raise CommandError(f"Delete rows of {tables} first: they refer to rows that would go.")


def dangling(connection: Connection) -> set[tuple[str, int]]:
    """Return the rows that refer to none: of SQLite, which is told not to look meanwhile."""
    if connection.dialect.name != "sqlite":
        return set()
    rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return {(row[0], row[1]) for row in rows}


def keep_references(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """A table that is dropped, to be replaced by its copy, takes no rows of others with it."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = OFF")
    cursor.close()


async def connect_and_migrate() -> None:
    # A change to a large table takes longer than a request may.
    settings = DatabaseSettings.load().model_copy(update={"statement_timeout": 3600})
    engine = create_engine(settings)
    if settings.is_sqlite:
        event.listen(engine.sync_engine, "connect", keep_references)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


def write_sql() -> None:
    """For `alembic upgrade --sql`, where nobody may connect."""
    context.configure(
        url=DatabaseSettings.load().url, target_metadata=Base.metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    write_sql()
else:
    asyncio.run(connect_and_migrate())
