"""`app postgres …`"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app.commands.development import development_services
from app.core.database.engine import open_database
from app.postgres.importing import import_rows

commands = typer.Typer(no_args_is_help=True, help="PostgreSQL.")

File = Annotated[Path, typer.Argument(help="The file that DATABASE_URL named before.")]


@commands.command()
def import_sqlite(file: File) -> None:
    """Copy all rows of an SQLite file into this database, which is migrated and empty."""
    with development_services():
        for table, rows in asyncio.run(import_file(file)).items():
            typer.echo(f"{table}: {rows} imported")


async def import_file(file: Path) -> dict[str, int]:
    async with open_database() as database, database.transaction() as session:
        connection = await session.connection()
        return await connection.run_sync(import_rows, file)
