"""Commands that show what the service is made of."""

import json
from pathlib import Path
from typing import Annotated

import typer
from fastapi.routing import iter_route_contexts

from app.core.logging import mask_text
from app.core.settings import load_all
from app.main import app

commands = typer.Typer()


@commands.command()
def routes() -> None:
    """List the routes, in the order in which they are tried."""
    for context in iter_route_contexts(app.routes):
        methods = ",".join(sorted(context.methods or {"WEBSOCKET"}))
        typer.echo(f"{methods:8} {context.path}  {context.name}")


@commands.command()
def settings() -> None:
    """List every setting, with its value (secrets masked) and whether it was set."""
    for loaded in load_all():
        for name in type(loaded).model_fields:
            value = mask_text(str(getattr(loaded, name)))
            origin = "" if name in loaded.model_fields_set else "  (default)"
            typer.echo(f"{loaded.variable(name)}={value}{origin}")


@commands.command()
def openapi(
    output: Annotated[Path | None, typer.Option(help="Write to this file, not to stdout.")] = None,
) -> None:
    """Export the OpenAPI document, for generators of clients."""
    text = json.dumps(app.openapi(), indent=2) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text)
