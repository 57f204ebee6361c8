"""One stream in Redis for all processes, https://redis.io/docs/latest/develop/data-types/streams/.

Whoever publishes adds to it, and each process has one reader. Beside the stream is its name: where
the name is another one than before, or is gone, events have been lost.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager, suppress
from secrets import token_hex
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.project import project
from app.realtime.hub import Fields, Hub
from app.realtime.metrics import UNPUBLISHED
from app.realtime.stream_reader import AT_ONCE, MOST_WAITING, Reader, retry_delay

PATIENCE = 2.0  # seconds, for Redis to answer at the start, and to take the rest at the end
RESET: Fields = {"reset": b"1"}
FAILURES = (RedisError, OSError)

log = structlog.get_logger()


class Writer:
    """Adds what is published, in order; while Redis is away, it waits here."""

    def __init__(self, redis: Redis, key: str, keep: int) -> None:
        self._redis = redis
        self._key = key
        self._keep = keep
        self._source = token_hex(8).encode()
        self._count = 0
        self._waiting: deque[Fields] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def send(self, fields: Fields) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            fields = RESET
        self._count += 1
        # What Redis took without our hearing of it is sent again; by this, readers know it.
        self._waiting.append({**fields, "source": self._source, "count": str(self._count).encode()})
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        failures = 0
        while True:
            await self._wake.wait()
            try:
                await self._send_some()
                failures = 0
            except FAILURES as error:
                if not failures:
                    log.warning("events wait for Redis", reason=str(error))
                failures += 1
                UNPUBLISHED.inc()
                await asyncio.sleep(retry_delay(failures))

    async def drain(self) -> None:
        """Wait until all that was published has left."""
        await self._idle.wait()

    async def _send_some(self) -> None:
        # Taken out at once: meanwhile those that wait may become too many, and be dropped.
        batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
        try:
            # All or nothing: of what was refused, readers would take the rest for all.
            async with self._redis.pipeline(transaction=True) as pipe:
                for fields in batch:
                    entry = cast("dict[Any, Any]", fields)
                    pipe.xadd(self._key, entry, maxlen=self._keep, approximate=True)
                await pipe.execute()
        except FAILURES:
            self._waiting.extendleft(reversed(batch))
            raise
        if not self._waiting:
            self._wake.clear()
            self._idle.set()


async def within(seconds: float, awaitable: Awaitable[object]) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(awaitable, seconds)


async def end(tasks: list[asyncio.Task[None]]) -> None:
    pending = set(tasks)
    while pending:
        for task in pending:
            # Again and again: one that comes together with an answer gets lost in the client.
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.02)


@asynccontextmanager
async def connect(
    hub: Hub, reading: Redis, writing: Redis, *, block: float
) -> AsyncGenerator[None]:
    """Let a hub send to and hear from Redis; without an answer it starts all the same.

    Args:
        block: seconds that the reader waits for news in one call.
    """
    key = f"{project().name}:events"
    writer = Writer(writing, key, hub.settings.history)
    reader = Reader(reading, key, hub, block)
    hub.send = writer.send
    tasks = [asyncio.create_task(writer.run()), asyncio.create_task(reader.run())]
    try:
        await within(PATIENCE, reader.caught_up.wait())
        yield
        await within(PATIENCE, writer.drain())
    finally:
        await end(tasks)
