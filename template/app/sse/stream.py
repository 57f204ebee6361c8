"""The life of a stream of server-sent events, https://html.spec.whatwg.org/#server-sent-events."""

import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from fastapi.sse import format_sse_event

from app.core.database.session import CurrentDatabase
from app.core.dependencies import inline
from app.core.identity import CurrentPrincipal
from app.core.ratelimit import caller
from app.realtime.access import channel_for
from app.realtime.hub import CurrentHub, Hub
from app.realtime.listeners import Ended, Listener
from app.realtime.messages import Message, Reset
from app.realtime.visits import Visit

# Messages: a client that has much to catch up with is not sent it all in one piece.
AT_ONCE = 64


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


class Stream:
    def __init__(self, hub: Hub, listener: Listener, visit: Visit) -> None:
        self._hub = hub
        self._listener = listener
        self._visit = visit

    async def events(self) -> AsyncGenerator[bytes]:
        """Begin with `ready`, then pass on what comes until the connection may not go on."""
        place = str(self._listener.place)
        yield format_sse_event(event="ready", data_str="{}", id=place, retry=retry())
        try:
            while True:
                messages = await self._next()
                yield b"".join(map(as_sent, messages)) if messages else self._sign_of_life()
        except Ended:
            yield self._sign_of_life()

    async def _next(self) -> list[Message | Reset]:
        """Return what comes next; nothing, where nothing has come for some time."""
        # Before, not after: a message that was taken has to be sent.
        await self._visit.check_in_time()
        messages = await self._listener.next(until=self._visit.next_check, most=AT_ONCE)
        if not messages:
            self._hub.move_on(self._listener)
            await self._visit.check_in_time()
        return messages

    def _sign_of_life(self) -> bytes:
        """Say where the client is: without data, a browser notes it and nothing happens."""
        return format_sse_event(id=str(self._listener.place))


def retry() -> int:
    """Return the milliseconds after which to connect again: not the same for all."""
    return random.randint(1000, 3000)  # noqa: S311  (no secret)


@lru_cache(1024)
def as_sent(message: Message | Reset) -> bytes:
    """Write a message, once for all listeners."""
    place = str(message.place)
    if isinstance(message, Reset):
        return format_sse_event(event="reset", data_str="{}", id=place)
    return format_sse_event(event=message.name, data_str=message.data, id=place)


async def open_stream(
    request: Request,
    hub: CurrentHub,
    database: CurrentDatabase,
    principal: CurrentPrincipal,
    wanted: Annotated[Wanted, Depends(inline(Wanted))],
) -> AsyncGenerator[Stream]:
    """Admit a listener, before the answer begins: what is refused is a problem document."""
    channels = [channel_for(request, topic, principal) for topic in wanted.topics]
    place = wanted.last_event_id or wanted.after
    with (
        hub.connections.admit("sse", caller(request, principal)),
        hub.listen(channels, place) as listener,
    ):
        yield Stream(hub, listener, Visit(request, database, principal))


CurrentStream = Annotated[Stream, Depends(open_stream)]
