"""Events in one process, and through a real server of the Redis protocol between several."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from app.core.events import Event
from app.core.project import project
from app.core.redis import open_redis
from app.core.settings import forget_all
from app.realtime import redis, stream_reader
from app.realtime.hub import EventsUnavailable, Hub
from app.realtime.listeners import Ended, Listener
from app.realtime.messages import Message, Reset, encode
from app.realtime.places import Place, Position
from app.realtime.resources import open_hub


@pytest.fixture(params=["in process", "over redis"])
def shared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether hubs share a server."""
    if request.param == "over redis":
        monkeypatch.setenv("REDIS_URL", request.getfixturevalue("redis_url"))
        forget_all()
        return True
    return False


@pytest.fixture
async def hub(shared: bool) -> AsyncGenerator[Hub]:
    del shared
    async with open_hub() as hub:
        yield hub


@asynccontextmanager
async def with_settings(monkeypatch: pytest.MonkeyPatch, **settings: str) -> AsyncGenerator[Hub]:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    forget_all()
    async with open_hub() as hub:
        yield hub


def event(number: int, owner: str | None = None, topic: str = "items") -> Event:
    return Event(topic, "item.updated", {"number": number}, owner)


async def publish(hub: Hub, *numbers: int) -> None:
    for number in numbers:
        await hub.publish(event(number))


async def take(listener: Listener, count: int) -> list[Message]:
    async with asyncio.timeout(5):
        taken = [(await listener.next(most=1))[0] for _ in range(count)]
    return [message for message in taken if isinstance(message, Message)]


def data_of(message: Message | Reset) -> list[str]:
    return [message.data] if isinstance(message, Message) else []


def data(messages: list[Message]) -> list[str]:
    return [message.data for message in messages]


def numbers(*wanted: int) -> list[str]:
    return [f'{{"number":{number}}}' for number in wanted]


async def test_listeners_get_all_events_in_order(hub: Hub) -> None:
    with hub.listen(["items"]) as one, hub.listen(["items", "others"]) as other:
        await publish(hub, *range(100))

        assert data(await take(one, 100)) == numbers(*range(100))
        assert data(await take(other, 100)) == numbers(*range(100))


async def test_events_reach_their_channels_only(hub: Hub) -> None:
    with (
        hub.listen(["items:alice"]) as alice,
        hub.listen(["items:bob"]) as bob,
        hub.listen(["items"]) as administrator,
    ):
        await hub.publish(event(1, owner="alice"))
        await hub.publish(event(2, topic="others"))
        await hub.publish(event(3, owner="bob"))

        assert data(await take(administrator, 2)) == numbers(1, 3)
        assert data(await take(alice, 1)) == numbers(1)
        assert data(await take(bob, 1)) == numbers(3)


async def test_who_comes_back_gets_what_was_missed_and_nothing_twice(hub: Hub) -> None:
    with hub.listen(["items"]) as first:
        await publish(hub, 1, 2)
        known = (await take(first, 1))[0].place
        await take(first, 1)
    await publish(hub, 3)
    await hub.publish(event(0, topic="others"))

    with hub.listen(["items"], after=str(known)) as again:
        await publish(hub, 4)

        assert again.place == known
        assert data(await take(again, 3)) == numbers(2, 3, 4)


async def test_place_of_one_who_heard_nothing_is_good_too(hub: Hub) -> None:
    with hub.listen(["items"]) as first:
        known = first.place
    await publish(hub, 1)

    with hub.listen(["items"], after=str(known)) as again:
        assert data(await take(again, 1)) == numbers(1)


@pytest.mark.parametrize(
    "invented",
    ["", "7", "nonsense", "00000000.1-0", "{stream}.99999999999999-0", "{stream}.1-0", "\ud800"],
)
async def test_who_comes_from_nowhere_is_told(hub: Hub, invented: str) -> None:
    with hub.listen(["items"]) as listener:
        await publish(hub, 1, 2)
        here = (await take(listener, 2))[-1].place

    reachable = hub.history is not None and hub.history.before == Position(0, 0)
    with hub.listen(["items"], after=invented.format(stream=here.stream)) as again:
        [first] = await again.next(most=1)

    if invented == "{stream}.1-0" and reachable:
        assert isinstance(first, Message)  # all that there ever was came after it
    else:
        assert first == Reset(here)


async def test_who_comes_too_late_is_told(shared: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async with with_settings(monkeypatch, REALTIME_HISTORY="100") as hub:
        with hub.listen(["items"]) as listener:
            await publish(hub, *range(102))
            places = [message.place for message in await take(listener, 102)]

        with hub.listen(["items"], after=str(places[0])) as late:
            assert await late.next() == [Reset(places[-1])]
        with hub.listen(["items"], after=str(places[1])) as just_in_time:
            assert data(await take(just_in_time, 100)) == numbers(*range(2, 102))
    assert shared in {True, False}


async def test_slow_listener_is_let_go_and_comes_back(
    shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    del shared
    async with with_settings(monkeypatch, REALTIME_QUEUE="3") as hub:
        with hub.listen(["items"]) as quick, hub.listen(["items"]) as slow:
            for number in range(3):
                await publish(hub, number)
                await take(quick, 1)
            known = (await take(slow, 1))[0].place
            for number in range(3, 6):
                await publish(hub, number)
                await take(quick, 1)

            with pytest.raises(Ended, match="slow"):
                await slow.next()

        with hub.listen(["items"], after=str(known)) as again:
            assert data(await take(again, 5)) == numbers(1, 2, 3, 4, 5)


async def test_too_large_event_is_told_without_its_data(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    with hub.listen(["items"]) as listener:
        await hub.publish(Event("items", "item.updated", {"description": "x" * 40_000}))

        assert data(await take(listener, 1)) == ["null"]
    assert "too large" in capsys.readouterr().out


async def test_stop_lets_everybody_go(hub: Hub) -> None:
    with hub.listen(["items"]) as listener:
        await publish(hub, 1)
        hub.stop()

        with pytest.raises(Ended, match="stopping"):
            await take(listener, 2)
    with pytest.raises(EventsUnavailable), hub.listen(["items"]):
        pass
    # Requests that end meanwhile may still have something to tell.
    await publish(hub, 2)


async def test_listener_that_has_all_moves_on_with_the_stream(hub: Hub) -> None:
    with hub.listen(["others"]) as quiet, hub.listen(["items"]) as other:
        before = quiet.place
        await publish(hub, 1)
        last = (await take(other, 1))[0].place
        hub.move_on(quiet)

        assert before != quiet.place == last


async def test_place_is_read_back() -> None:
    place = Place("0123abcd", Position(1_792_000_000_000, 7))

    assert Place.parse(str(place)) == place


async def test_many_hubs_are_one(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    forget_all()
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(open_hub()) for _ in range(2)]
        with one.listen(["items"]) as here, other.listen(["items"]) as there:
            await asyncio.gather(publish(one, *range(50)), publish(other, *range(50, 100)))
            heard = await take(here, 100)
            heard_there = await take(there, 100)

        # The same order everywhere, and each one's own order in it.
        assert [message.place for message in heard] == [message.place for message in heard_there]
        assert [m for m in data(heard) if m in numbers(*range(50))] == numbers(*range(50))
        third = await stack.enter_async_context(open_hub())
        with third.listen(["items"], after=str(heard[89].place)) as newcomer:
            assert data(await take(newcomer, 10)) == data(heard[90:])


async def test_new_history_is_told_to_all_who_knew_the_old_one(hub: Hub) -> None:
    """Those who listen, and those who come back, are told that they missed something."""
    with hub.listen(["items"]) as listener:
        await publish(hub, 1)
        [known] = await take(listener, 1)
        stream, later = known.place.stream, Position(known.place.position.time + 1, 0)

        hub.begin(stream, later)

        reset = Reset(Place(stream, later))
        assert await listener.next() == [reset]
    with hub.listen(["items"], after=str(known.place)) as again:
        assert await again.next() == [reset]


async def test_too_many_events_for_redis_are_dropped_and_told(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while some are on their way; what is published after that arrives."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setattr(redis, "MOST_WAITING", 5)
    forget_all()
    async with open_hub() as hub:
        with hub.listen(["items"]) as listener:
            await publish(hub, 1, 2, 3)
            await asyncio.sleep(0)  # they are on their way
            await publish(hub, *range(4, 11))

            # Three, the reset for those that were dropped, and the last one.
            assert data(await take(listener, 5)) == numbers(1, 2, 3, 10)
        with hub.listen(["items"], after=str(listener.place)) as listener:
            await publish(hub, 11)
            assert data(await take(listener, 1)) == numbers(11)


async def test_more_at_once_than_is_kept_is_told_and_no_gap(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    async with with_settings(monkeypatch, REALTIME_HISTORY="100") as hub:
        with hub.listen(["items"]) as listener:
            await publish(hub, *range(200))
            heard: list[Message | Reset] = []
            async with asyncio.timeout(5):
                while not heard or data_of(heard[-1]) != numbers(199):
                    heard += await listener.next(most=1)

    assert len(heard) < 200
    assert isinstance(heard[0], Reset)


async def test_what_redis_refuses_waits_and_arrives(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All or nothing: of a few that it refuses, readers would see the later ones, and no gap."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    forget_all()
    async with open_hub() as hub, open_redis(timeout=5) as opened:
        client: Any = opened
        before = await client.config_get("maxmemory")
        with hub.listen(["items"]) as listener:
            await client.config_set("maxmemory", 1)
            await publish(hub, *range(100))
            await asyncio.sleep(0.02)
            assert await client.xlen(f"{project().name}:events") == 0
            await client.config_set("maxmemory", before["maxmemory"])

            assert data(await take(listener, 100)) == numbers(*range(100))
        assert "cmdstat_exec" in await client.info("commandstats")


def all_done(failures: int) -> float:
    """Return after how many seconds a reader looks again: when Redis is back as it was."""
    del failures
    return 0.2


async def test_redis_that_is_back_without_its_latest_events_begins_anew(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though others have published since: what was heard is not told again."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setattr(stream_reader, "retry_delay", all_done)
    forget_all()
    async with open_hub() as hub, open_redis(timeout=5) as opened:
        client: Any = opened
        key = f"{project().name}:events"
        with hub.listen(["items"]) as listener:
            await publish(hub, 1, 2)
            [known, _] = await take(listener, 2)
            old = await client.dump(key)
            await publish(hub, 3)
            await take(listener, 1)

            await client.client_kill_filter(_type="normal", skipme=True)
            await client.restore(key, 0, old, replace=True)
            others = {**encode(event(4), most=100), "source": b"another", "count": b"1"}
            await asyncio.sleep(0.002)  # in the same millisecond it would take the lost one's place
            await client.xadd(key, others)

            async with asyncio.timeout(5):
                assert isinstance((await listener.next(most=1))[0], Reset)
            await publish(hub, 5)
            assert data(await take(listener, 2)) == numbers(4, 5)
        with hub.listen(["items"], after=str(known.place)) as again:
            assert isinstance((await again.next(most=1))[0], Reset)
