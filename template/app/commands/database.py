"""Commands that change the database."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from alembic import command
from alembic.config import Config
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession

from app.commands.development import development_services
from app.commands.transaction import in_transaction
from app.core.database.engine import open_database
from app.core.database.models import Base
from app.core.settings import StartupError
from app.features import FEATURES

commands = typer.Typer()

Revision = Annotated[str, typer.Argument(help="A revision, or a step such as +1 or -1.")]


def alembic_config() -> Config:
    if not Path("pyproject.toml").is_file():
        raise StartupError("Run this in the project's folder, where pyproject.toml is.")
    return Config(toml_file="pyproject.toml")


async def wait_for_database() -> None:
    async with open_database():
        pass


class NewerDatabase(StartupError):
    """It is at a revision that this release does not have."""


def migrate_to(revision: str) -> None:
    """Upgrade the database that the settings name, once it answers."""
    asyncio.run(wait_for_database())
    try:
        command.upgrade(alembic_config(), revision)
    except CommandError as error:
        unknown = isinstance(error.__cause__, ResolutionError)
        kind = NewerDatabase if unknown and revision == "head" else StartupError
        raise kind(str(error)) from error


@commands.command()
def migrate(revision: Revision = "head") -> None:
    """Bring the database up to a revision; to the newest without one."""
    with development_services():
        try:
            migrate_to(revision)
        except NewerDatabase as error:
            if asyncio.run(lacks()):
                raise
            # A release was taken back. It starts all the same: newer ones only add to the tables.
            typer.echo(
                f"{error}: the database is of a newer release, and stays as it is.", err=True
            )


async def lacks() -> set[tuple[str, str]]:
    """Return the columns of our tables that the database does not have."""
    async with open_database() as database, database.read() as session:
        connection = await session.connection()
        tables = await connection.run_sync(lambda sync: inspect(sync).get_multi_columns())
    found = {
        (table, column["name"]) for (_, table), columns in tables.items() for column in columns
    }
    wanted = {(table.name, one.name) for table in Base.metadata.tables.values() for one in table.c}
    return wanted - found


# Without this, `-1` would be taken for an option.
@commands.command(context_settings={"ignore_unknown_options": True})
def downgrade(revision: Revision) -> None:
    """Take the database back to an older revision, `-1` for the one before."""
    with development_services():
        try:
            command.downgrade(alembic_config(), revision)
        except CommandError as error:
            raise StartupError(str(error)) from error


@commands.command()
def revision(
    message: Annotated[str, typer.Argument(help="What changes, in a few words.")],
    *,
    drop_tables: Annotated[
        bool, typer.Option(help="Also drop the tables that no model describes, and their rows.")
    ] = False,
) -> None:
    """Write a migration from what the models and the database differ in."""
    config = alembic_config()
    config.attributes["drop_tables"] = drop_tables
    with development_services():
        migrate_to("head")
        command.revision(config, message, autogenerate=True)
    if left := ", ".join(sorted(config.attributes.get("left", []))):
        kept = "Kept: --drop-tables would drop them."
        typer.echo(
            f"No model describes {left}. {'The revision drops them.' if drop_tables else kept}"
        )


@commands.command()
def seed() -> None:
    """Add example rows; those that are there already are not added again."""
    for name, rows in in_transaction(add_examples).items():
        typer.echo(f"{name}: {rows} added")


async def add_examples(session: AsyncSession) -> dict[str, int]:
    return {
        feature.name: await feature.seed(session)
        for feature in FEATURES
        if feature.seed is not None
    }
