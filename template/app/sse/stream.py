"""The life of a stream of server-sent events, https://html.spec.whatwg.org/#server-sent-events."""

import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from fastapi.sse import format_sse_event

from app.core.concurrency import background
from app.core.database.engine import Database
from app.core.database.session import CurrentDatabase
from app.core.dependencies import inline
from app.core.identity import CurrentPrincipal, Principal
from app.core.ratelimit import caller
from app.realtime.access import channel_for
from app.realtime.hub import CurrentHub, Hub
from app.realtime.listeners import Ended, Listener
from app.realtime.messages import Message, Reset
from app.realtime.visits import reason_to_end


@dataclass
class Wanted:
    """What a client asks for."""

    topics: Annotated[
        list[str], Query(alias="topic", min_length=1, max_length=20, examples=[["items"]])
    ]
    after: Annotated[
        str | None,
        Query(description="The id of the last event that is known, where no header can say it."),
    ] = None
    last_event_id: Annotated[
        str | None, Header(description="Sent by browsers that connect again.")
    ] = None


async def events(listener: Listener) -> AsyncGenerator[bytes]:
    """Begin with `ready`, then pass on what comes until the listener is let go."""
    place = str(listener.place)
    # Milliseconds after which to connect again: not the same for all.
    retry = random.randint(1000, 3000)  # noqa: S311  (no secret)
    yield format_sse_event(event="ready", data_str="{}", id=place, retry=retry)
    try:
        while True:
            messages = await listener.next()
            yield b"".join(map(as_sent, messages)) if messages else sign_of_life(listener)
    except Ended:
        yield sign_of_life(listener)


def sign_of_life(listener: Listener) -> bytes:
    """Say where the client is: without data, a browser notes it and nothing happens."""
    return format_sse_event(id=str(listener.place))


@lru_cache(1024)
def as_sent(message: Message | Reset) -> bytes:
    """Write a message, once for all listeners."""
    place = str(message.place)
    if isinstance(message, Reset):
        return format_sse_event(event="reset", data_str="{}", id=place)
    return format_sse_event(event=message.name, data_str=message.data, id=place)


async def listen(
    request: Request,
    hub: CurrentHub,
    database: CurrentDatabase,
    principal: CurrentPrincipal,
    wanted: Annotated[Wanted, Depends(inline(Wanted))],
) -> AsyncGenerator[Listener]:
    """Admit a listener, before the answer begins: what is refused is a problem document."""
    channels = [await channel_for(request, topic, principal) for topic in wanted.topics]
    place = wanted.last_event_id or wanted.after
    with (
        hub.connections.admit("sse", caller(request, principal)),
        hub.listen(channels, place) as listener,
    ):
        async with background(watch(hub, listener, request, database, principal)):
            yield listener


async def watch(
    hub: Hub, listener: Listener, request: Request, database: Database, principal: Principal
) -> None:
    """End a listener when its connection may not go on, or nobody knows whether it may."""
    signs = partial(hub.move_on, listener)
    try:
        listener.end(await reason_to_end(request, database, principal, at_checks=signs))
    finally:
        listener.end("expired")


CurrentListener = Annotated[Listener, Depends(listen)]
