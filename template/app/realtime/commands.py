"""`app realtime`: publish by hand."""

import asyncio
import json
from typing import Annotated

import typer

from app.commands.development import development_services
from app.core.events import Event
from app.core.redis import RedisSettings
from app.core.settings import StartupError
from app.realtime.resources import open_hub

commands = typer.Typer(help="Events, to whoever listens.", no_args_is_help=True)


@commands.command()
def publish(
    topic: str,
    name: str,
    data: Annotated[str, typer.Argument(help="JSON.")] = "{}",
    owner: Annotated[str | None, typer.Option(help="Id of whose it is, on an owned topic.")] = None,
) -> None:
    """Publish an event to all who listen, over Redis."""
    try:
        event = Event(topic, name, json.loads(data), owner)
    except ValueError as error:
        raise StartupError(f"DATA is not JSON: {error}") from error
    if RedisSettings.load().url is None:
        raise StartupError("Set REDIS_URL: without it, events do not leave their process.")
    with development_services():
        asyncio.run(send(event))


async def send(event: Event) -> None:
    async with open_hub() as hub:
        await hub.publish(event)
