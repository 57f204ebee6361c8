"""Bring the rows of an SQLite file here: `app postgres import-sqlite app.db`."""

from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from app.core.database.models import Base
from app.core.settings import StartupError

ROWS = 1000  # in one statement


def import_rows(target: sa.Connection, file: Path) -> dict[str, int]:
    """Copy the rows of each table that has a model, and count them.

    It is one transaction of the caller: after an error, nothing was imported. Nobody may write into
    the file meanwhile.

    Raises:
        StartupError: there is no such file, it is at another revision, the tables here have rows
            already, or those of the file do not fit.
    """
    if not file.is_file():
        raise StartupError(f"There is no file {file}.")
    engine = sa.create_engine(f"sqlite:///file:{quote(str(file.absolute()))}?mode=ro&uri=true")
    try:
        with engine.connect() as source:
            require_same_revision(source, target)
            # In this order each table comes after those that it refers to.
            tables = Base.metadata.sorted_tables
            return {table.name: copy_table(source, target, table) for table in tables}
    finally:
        engine.dispose()


def require_same_revision(source: sa.Connection, target: sa.Connection) -> None:
    there, here = (
        ", ".join(MigrationContext.configure(connection).get_current_heads()) or "none"
        for connection in (source, target)
    )
    if there != here:
        raise StartupError(
            f"The file is at revision {there}, and this database at {here}: migrate both first."
        )


def copy_table(source: sa.Connection, target: sa.Connection, table: sa.Table) -> int:
    if target.scalar(sa.select(sa.exists().select_from(table))):
        raise StartupError(f"The table {table.name} has rows already: nothing was imported.")
    found = source.execution_options(stream_results=True).execute(sa.select(table)).mappings()
    rows = 0
    try:
        for part in found.partitions(ROWS):
            target.execute(insert_into(table), [dict(row) for row in part])
            rows += len(part)
    except DBAPIError as error:
        raise StartupError(
            f"A row of {table.name} does not fit, nothing was imported: {error.orig}"
        ) from error
    if rows:
        continue_numbers(target, table)
    return rows


def insert_into(table: sa.Table) -> sa.Insert:
    # A JSON column makes `null` of None, unless it is told that nothing was stored.
    def value(column: sa.Column[object]) -> object:
        kind = sa.JSON(none_as_null=True) if isinstance(column.type, sa.JSON) else column.type
        return sa.bindparam(column.name, type_=kind)

    return sa.insert(table).values({column.name: value(column) for column in table.columns})


def continue_numbers(target: sa.Connection, table: sa.Table) -> None:
    """The next row gets a number above those that were copied."""
    column = table.autoincrement_column
    if column is not None:
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        highest = sa.select(sa.func.max(column)).scalar_subquery()
        target.execute(sa.select(sa.func.setval(sequence, highest)))
