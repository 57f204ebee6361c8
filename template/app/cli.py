"""All commands; `app.__main__` begins here."""

import typer

from app.commands import database, inspection, server
from app.features import FEATURES

cli = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
for commands in (server.commands, database.commands, inspection.commands):
    cli.add_typer(commands)
for feature in FEATURES:
    if feature.commands is not None:
        cli.add_typer(feature.commands, name=feature.name)
