"""What holds for values that are kept in the process, and for those kept in Redis."""

import asyncio

import pytest
from prometheus_client import REGISTRY
from pydantic import BaseModel, Field, create_model, field_validator

from app.cache.service import MAX_VALUE_BYTES, open_cache
from app.core.cache import NO_CACHE, Cache
from app.core.settings import forget_all
from tests.cache.sources import Note, Source


def count(metric: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(metric, {"model": "Note", **labels}) or 0


async def test_kept_value_is_read_again(cache: Cache) -> None:
    source = Source()

    texts = [await source.read(cache) for _ in range(3)]

    assert texts == ["old"] * 3
    assert source.calls == 1


async def test_forgotten_value_is_made_anew(cache: Cache) -> None:
    source = Source()
    await source.read(cache)
    source.text = "new"

    await cache.forget("other")
    kept = await source.read(cache)
    await cache.forget("other", "note:1")
    anew = await source.read(cache)

    assert (kept, anew) == ("old", "new")


async def test_value_ends_with_its_time(cache: Cache) -> None:
    source = Source()
    await source.read(cache, seconds=0.02)

    await asyncio.sleep(0.03)
    await source.read(cache)

    assert source.calls == 2


async def test_many_at_once_call_the_source_once(cache: Cache) -> None:
    source = Source(seconds=0.02)
    before = count("cache_reads_total", result="shared")

    texts = await asyncio.gather(*(source.read(cache) for _ in range(50)))

    assert texts == ["old"] * 50
    assert source.calls == 1
    assert count("cache_reads_total", result="shared") - before == 49


async def test_what_was_read_before_a_change_is_not_kept_after_it(cache: Cache) -> None:
    source = Source(seconds=0.05)
    reading = asyncio.create_task(source.read(cache))
    await source.called.wait()

    source.text = "new"
    await cache.forget("note:1")
    # Neither does who comes after the change wait for what was read before it.
    during = await source.read(cache)
    before = await reading
    after = await source.read(cache)

    assert (before, during, after) == ("old", "new", "new")


async def test_error_goes_to_all_who_wait_and_is_not_kept(cache: Cache) -> None:
    calls = 0

    async def fail() -> Note:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.02)
        raise LookupError

    reads = (cache.get(Note, "note:1", fail) for _ in range(3))
    results = await asyncio.gather(*reads, return_exceptions=True)
    with pytest.raises(LookupError):
        await cache.get(Note, "note:1", fail)

    assert [type(result) for result in results] == [LookupError] * 3
    assert calls == 2


async def test_caller_that_leaves_fails_nobody(cache: Cache) -> None:
    source = Source(seconds=0.05)
    first = asyncio.create_task(source.read(cache))
    await source.called.wait()
    others = [asyncio.create_task(source.read(cache)) for _ in range(2)]
    await asyncio.sleep(0.02)

    first.cancel()

    assert await asyncio.gather(*others) == ["old"] * 2
    assert source.calls == 2


async def test_one_who_waits_does_not_share_what_it_changes(cache: Cache) -> None:
    source = Source(seconds=0.02)

    async def scribble() -> str:
        note = await cache.get(Note, "note:1", source)
        note.text += ", scribbled on"
        return note.text

    assert await asyncio.gather(*(scribble() for _ in range(3))) == ["old, scribbled on"] * 3
    assert (await cache.get(Note, "note:1", source)).text == "old"


async def test_big_value_is_not_kept_but_counted(cache: Cache) -> None:
    source = Source("x" * MAX_VALUE_BYTES)
    before = count("cache_too_big_total")

    for _ in range(2):
        await source.read(cache)

    assert source.calls == 2
    assert count("cache_too_big_total") - before == 2


async def test_model_that_has_changed_reads_nothing_old(cache: Cache) -> None:
    await Source().read(cache)
    changed = create_model("Note", __base__=Note, stars=(int, 5))
    changed.__module__, changed.__qualname__ = Note.__module__, Note.__qualname__

    async def source() -> Note:
        return changed(text="new")

    assert (await cache.get(changed, "note:1", source)).text == "new"


async def test_value_comes_back_as_it_was(cache: Cache) -> None:
    class Price(BaseModel):
        amount: float = Field(validation_alias="in", serialization_alias="out")

    async def source() -> Price:
        return Price.model_validate({"in": 1.5})

    made, kept = [await cache.get(Price, "long" * 100, source) for _ in range(2)]

    assert made == kept
    assert made is not kept


async def test_value_that_is_not_valid_any_more_is_made_anew(cache: Cache) -> None:
    refused: set[str] = set()

    class Picky(BaseModel):
        text: str

        @field_validator("text")
        @classmethod
        def check(cls, text: str) -> str:
            if text in refused:
                raise ValueError
            return text

    texts = iter(["old", "new"])

    async def source() -> Picky:
        return Picky(text=next(texts))

    await cache.get(Picky, "picky", source)
    refused.add("old")

    assert (await cache.get(Picky, "picky", source)).text == "new"


async def test_process_keeps_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_MAX_BYTES", "20000")
    forget_all()
    source = Source("x" * 1000)

    async with open_cache() as cache:
        for number in (0, *range(20), 0):
            # The one that is always used stays.
            await cache.get(Note, "always", source)
            await cache.get(Note, str(number), source)

    assert source.calls == 1 + 20 + 1


async def test_cache_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_ENABLED", "false")
    forget_all()
    source = Source()

    async with open_cache() as cache:
        for _ in range(2):
            await source.read(cache)

    assert cache is NO_CACHE
    assert source.calls == 2
