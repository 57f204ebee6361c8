"""The cache: one way to read through it, whatever keeps the values."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import uniform
from typing import TypeVar, cast

from pydantic import BaseModel

from app.cache.entry import EVERYTHING, Entry, named, tag_name, value_name
from app.cache.memory import MemoryStore
from app.cache.metrics import READS, SOURCE, TOO_BIG
from app.cache.settings import CacheSettings
from app.cache.shared import TIMEOUT, open_store
from app.cache.store import Store
from app.core.cache import NO_CACHE, Cache
from app.core.redis import open_redis

MAX_VALUE_BYTES = 262_144

M = TypeVar("M", bound=BaseModel)


class KeepingCache:
    """A `Cache` that calls a source once, however many ask at the same time."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.flights: dict[tuple[str, bytes], asyncio.Task[BaseModel]] = {}

    async def get(
        self,
        model: type[M],
        key: str,
        source: Callable[[], Awaitable[M]],
        *,
        seconds: float = 60,
        tags: tuple[str, ...] = (),
    ) -> M:
        tags = (named(EVERYTHING), *map(tag_name, tags))
        entry = Entry(model, value_name(model, key), tags, source, seconds)
        value, versions = await self._find(entry)
        if value is not None:
            READS.labels(model.__name__, "hit").inc()
            return value
        made = await self._make_once(entry, versions)
        # A copy: what one caller does to its own is no business of another.
        return made.model_copy(deep=True)

    async def forget(self, *tags: str) -> None:
        await self.store.forget(*map(tag_name, tags))

    async def _find(self, entry: Entry[M]) -> tuple[M | None, bytes]:
        """Return the value, and the versions that one which is made from now on belongs to."""
        data, versions = await self.store.get(entry.key, *entry.tags)
        return entry.unpack(data, versions), versions

    async def _make_once(self, entry: Entry[M], versions: bytes) -> M:
        """Make the value, or wait for another call in this process that does."""
        # With the versions: who has changed something does not wait for what was read before.
        key = entry.key, versions
        while (flight := self.flights.get(key)) is not None:
            await asyncio.wait([flight])
            # A call that is cancelled fails nobody else: the next one makes it, by its own means.
            if not flight.cancelled():
                made = cast("M", flight.result())
                READS.labels(entry.model.__name__, "shared").inc()
                return made
        making = asyncio.create_task(self._make(entry))
        self.flights[key] = making
        try:
            return await making
        finally:
            del self.flights[key]

    async def _make(self, entry: Entry[M]) -> M:
        label = entry.model.__name__
        async with self.store.turn(entry.key):
            # Another process may have made it while we waited for our turn.
            value, versions = await self._find(entry)
            if value is not None:
                READS.labels(label, "shared").inc()
                return value
            READS.labels(label, "miss").inc()
            with SOURCE.labels(label).time():
                value = await entry.source()
            data = entry.pack(value, versions)
            if len(data) > MAX_VALUE_BYTES:
                TOO_BIG.labels(label).inc()
            else:
                # What was made together should not end together.
                life = entry.seconds * uniform(0.9, 1.1)  # noqa: S311  (no secret)
                await self.store.set(entry.key, data, life)
            return value


@asynccontextmanager
async def open_cache() -> AsyncGenerator[Cache]:
    """Open the cache that the settings name, also in a task or a command."""
    settings = CacheSettings.load()
    async with open_redis(timeout=TIMEOUT) as redis:
        if not settings.enabled:
            yield NO_CACHE
        elif redis is None:
            yield KeepingCache(MemoryStore(settings.max_bytes))
        else:
            async with open_store(redis) as store:
                yield KeepingCache(store)
