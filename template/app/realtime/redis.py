"""One stream in Redis for all processes, https://redis.io/docs/latest/develop/data-types/streams/.

Whoever publishes adds to it, and each process has one reader. Beside the stream is its name: where
the name is another one than before, or is gone, events have been lost.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager, suppress
from functools import partial
from secrets import token_hex
from typing import Any, cast

from redis.asyncio import Redis

from app.core.concurrency import background
from app.core.project import project
from app.realtime.hub import Fields, Hub
from app.realtime.metrics import UNPUBLISHED
from app.realtime.stream_reader import AT_ONCE, MOST_WAITING, Reader, insist

PATIENCE = 2.0  # seconds, for Redis to answer at the start, and to take the rest at the end
RESET: Fields = {"reset": b"1"}


class Writer:
    """Adds what is published, in order; while Redis is away, it waits here."""

    def __init__(self, redis: Redis, key: str, keep: int) -> None:
        self._redis = redis
        self._key = key
        self._keep = keep
        self._source = token_hex(8).encode()
        self._count = 0
        self._waiting: asyncio.Queue[Fields] = asyncio.Queue()

    def send(self, fields: Fields) -> None:
        if self._waiting.qsize() >= MOST_WAITING:
            self._taken(self._some(MOST_WAITING))
            fields = RESET
        self._count += 1
        # What Redis took without our hearing of it is sent again; by this, readers know it.
        own = {"source": self._source, "count": str(self._count).encode()}
        self._waiting.put_nowait({**fields, **own})

    async def run(self) -> None:
        while True:
            # Taken out at once: meanwhile those that wait may become too many, and be dropped.
            batch = [await self._waiting.get(), *self._some(AT_ONCE - 1)]
            await insist(partial(self._add, batch), "events wait for Redis")
            self._taken(batch)

    async def drain(self) -> None:
        """Wait until all that was published has left."""
        await self._waiting.join()

    async def _add(self, batch: list[Fields]) -> None:
        # All or nothing: of what was refused, readers would take the rest for all.
        with UNPUBLISHED.count_exceptions():
            async with self._redis.pipeline(transaction=True) as pipe:
                for fields in batch:
                    entry = cast("dict[Any, Any]", fields)
                    pipe.xadd(self._key, entry, maxlen=self._keep, approximate=True)
                await pipe.execute()

    def _some(self, most: int) -> list[Fields]:
        return [self._waiting.get_nowait() for _ in range(min(most, self._waiting.qsize()))]

    def _taken(self, batch: list[Fields]) -> None:
        for _ in batch:
            self._waiting.task_done()


async def within(seconds: float, awaitable: Awaitable[object]) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(awaitable, seconds)


@asynccontextmanager
async def connect(hub: Hub, reading: Redis, writing: Redis) -> AsyncGenerator[None]:
    """Let a hub send to and hear from Redis; without an answer it starts all the same."""
    key = f"{project().name}:events"
    writer = Writer(writing, key, hub.settings.history)
    reader = Reader(reading, key, hub)
    hub.send = writer.send
    async with background(writer.run(), again=0.1), background(reader.run(), again=0.1):
        await within(PATIENCE, reader.caught_up.wait())
        yield
        await within(PATIENCE, writer.drain())
