"""Streams over real connections."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import FrameType

import pytest
from httpx2 import AsyncClient, Response

from app.core.events import Event
from app.core.http import trusted
from app.realtime import visits
from app.realtime.hub import Hub, new_stream
from app.realtime.settings import RealtimeSettings
from app.sse.feature import feature as sse
from app.sse.stream import events
from tests.realtime.people import LOCKED_OUT, NOTES, OPEN_NOTES, REALTIME, tell
from tests.support import Serve, Served

FEATURES = (REALTIME, sse, NOTES)


@dataclass
class Received:
    event: str = ""
    id: str = ""
    data: str = ""
    retry: str = ""


class Stream:
    """The least that a client has to understand."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.lines = response.aiter_lines()

    async def next(self) -> Received:
        received = Received()
        async with asyncio.timeout(5):
            async for line in self.lines:
                if not line and received != Received():
                    return received
                name, _, value = line.partition(": ")
                if name in vars(received):
                    setattr(received, name, value)
        raise EOFError

    async def rest(self) -> list[Received]:
        """Return what comes before the end."""
        received: list[Received] = []
        with suppress(EOFError):
            while True:
                received.append(await self.next())
        return received

    async def data(self, count: int) -> list[str]:
        return [(await self.next()).data for _ in range(count)]


@asynccontextmanager
async def listening(
    served: Served, topic: str = "news", name: str = "alice", **headers: str
) -> AsyncGenerator[Stream]:
    sent = {"Authorization": f"Bearer {name}", **headers}
    async with (
        AsyncClient(base_url=served.url, verify=trusted()) as client,
        client.stream("GET", "/events", params={"topic": topic}, headers=sent) as response,
    ):
        yield Stream(response)


async def refused(served: Served, name: str = "alice", **params: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {name}"} if name else {}
    async with AsyncClient(base_url=served.url, verify=trusted()) as client:
        response = await client.get("/events", params=params, headers=headers)
    return response.status_code, response.json()["type"]


def numbers(*wanted: int) -> list[str]:
    return [f'{{"number":{number}}}' for number in wanted]


async def test_events_arrive_as_they_happen(serve: Serve) -> None:
    async with serve(*FEATURES) as served, listening(served) as stream:
        ready = await stream.next()
        await tell(served, 1)
        told = await stream.next()

    assert stream.response.headers["content-type"].startswith("text/event-stream")
    assert stream.response.headers["x-accel-buffering"] == "no"
    assert stream.response.headers["cache-control"] == "no-cache"
    assert "content-encoding" not in stream.response.headers
    assert (ready.event, ready.data) == ("ready", "{}")
    assert 1000 <= int(ready.retry) <= 3000
    assert (told.event, told.data) == ("news.told", '{"number":1}')
    assert told.id > ready.id


async def test_one_who_comes_back_misses_nothing(serve: Serve) -> None:
    async with serve(*FEATURES) as served:
        async with listening(served) as stream:
            await stream.next()
            await tell(served, 1)
            known = (await stream.next()).id
        await tell(served, 2)
        await tell(served, 3)

        async with listening(served, **{"Last-Event-ID": known}) as stream:
            assert (await stream.next()).id == known
            await tell(served, 4)
            assert await stream.data(3) == numbers(2, 3, 4)
        async with listening(served, **{"Last-Event-ID": "of another time"}) as stream:
            received = [await stream.next() for _ in range(2)]
            assert [one.event for one in received] == ["ready", "reset"]


async def test_everybody_hears_of_their_own(serve: Serve) -> None:
    async with (
        serve(*FEATURES) as served,
        listening(served, "notes", "alice") as alice,
        listening(served, "notes", "root") as administrator,
    ):
        await alice.next()
        await administrator.next()
        await tell(served, 1, owner="bob")
        await tell(served, 2, owner="alice")

        assert await alice.data(1) == numbers(2)
        assert await administrator.data(2) == numbers(1, 2)


async def test_who_may_not_listen_is_told_why(serve: Serve) -> None:
    async with serve(*FEATURES, REALTIME_MAX_CONNECTIONS_EACH="1") as served:
        assert await refused(served, topic="secrets") == (404, "urn:problem:topic-not-found")
        assert await refused(served, "", topic="notes") == (401, "urn:problem:unauthenticated")
        assert await refused(served, "nobody", topic="news") == (401, "urn:problem:unauthenticated")
        assert await refused(served, "guest", topic="notes") == (403, "urn:problem:forbidden")
        assert await refused(served) == (422, "urn:problem:invalid-request")
        async with listening(served) as stream:
            await stream.next()
            assert await refused(served, topic="news") == (429, "urn:problem:too-many-connections")
            async with listening(served, name="bob") as other:
                assert (await other.next()).event == "ready"


async def test_there_is_an_end_to_all_connections(serve: Serve) -> None:
    async with (
        serve(*FEATURES, REALTIME_MAX_CONNECTIONS="1") as served,
        listening(served) as stream,
    ):
        await stream.next()

        assert await refused(served, "bob", topic="news") == (503, "urn:problem:full")


async def test_without_a_log_in_everybody_may_listen(serve: Serve) -> None:
    async with serve(REALTIME, sse, OPEN_NOTES) as served, listening(served, "notes") as stream:
        await stream.next()
        await tell(served, 1, owner="anonymous")

        assert await stream.data(1) == numbers(1)


async def test_old_connection_is_closed_politely(serve: Serve) -> None:
    async with serve(*FEATURES, REALTIME_MAX_SECONDS="0.1") as served:
        async with listening(served) as stream:
            ready = await stream.next()
            last = await stream.rest()

        assert last == [Received(id=ready.id)]
        async with listening(served, **{"Last-Event-ID": ready.id}) as stream:
            assert (await stream.next()).event == "ready"


async def test_who_is_locked_out_stops_listening(serve: Serve) -> None:
    async with (
        serve(*FEATURES, REALTIME_CHECK_SECONDS="0.05") as served,
        listening(served, name="mallory") as stream,
    ):
        assert (await stream.next()).event == "ready"
        assert (await stream.next()).event == ""
        LOCKED_OUT.add("mallory")
        await stream.rest()
    LOCKED_OUT.clear()


async def test_look_that_fails_ends_the_stream(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError

    async with (
        serve(*FEATURES, REALTIME_CHECK_SECONDS="0.05") as served,
        listening(served) as stream,
    ):
        await stream.next()
        monkeypatch.setattr(visits, "get_principal", fail)

        assert [one.event for one in await stream.rest()][-1:] == [""]


async def test_a_quiet_topic_does_not_make_its_listeners_late(serve: Serve) -> None:
    """Where the client is moves on with the stream, though nothing is said."""
    settings = {"REALTIME_CHECK_SECONDS": "0.05", "REALTIME_HISTORY": "100"}
    async with serve(*FEATURES, **settings) as served:
        async with listening(served, "notes") as stream:
            await stream.next()
            for number in range(150):
                await tell(served, number)
            known = (await stream.next()).id

        async with listening(served, "notes", **{"Last-Event-ID": known}) as stream:
            await stream.next()
            await tell(served, 1, owner="alice")
            assert (await stream.next()).event == "notes.told"


async def test_slow_listener_is_cut_off_and_comes_back_for_the_rest(serve: Serve) -> None:
    async with serve(*FEATURES, REALTIME_QUEUE="10") as served:
        async with listening(served) as stream:
            await stream.next()
            for number in range(50):
                await tell(served, number)
            received = await stream.rest()

        heard = len([one for one in received if one.data])
        assert heard < 50
        async with listening(served, **{"Last-Event-ID": received[-1].id}) as stream:
            await stream.next()
            assert await stream.data(50 - heard) == numbers(*range(heard, 50))


async def test_end_of_the_service_ends_the_streams(serve: Serve) -> None:
    async with serve(*FEATURES) as served:
        async with listening(served) as stream:
            await stream.next()
            served.state["events"].stop()

            assert [one.event for one in await stream.rest()] == [""]
        assert await refused(served, topic="news") == (503, "urn:problem:events-unavailable")


def ignore(number: int, frame: FrameType | None) -> None:
    del number, frame


async def test_stop_of_the_server_does_not_wait_for_streams(serve: Serve) -> None:
    """A stream never ends by itself, and a server that stops waits for all connections."""
    before = signal.signal(signal.SIGTERM, ignore)
    async with serve(*FEATURES) as served, listening(served) as stream:
        await stream.next()
        signal.raise_signal(signal.SIGTERM)

        assert [one.event for one in await stream.rest()] == [""]
    signal.signal(signal.SIGTERM, before)


async def test_what_was_missed_is_sent_in_pieces() -> None:
    """Else a client that reads nothing of it would keep it all in memory."""
    hub = Hub(RealtimeSettings.load())
    hub.begin(new_stream())
    with hub.listen(["news"]) as listener:
        place = str(listener.place)
    for number in range(200):
        await hub.publish(Event("news", "news.told", {"number": number}))

    with hub.listen(["news"], after=place) as listener:
        sent = events(listener)
        async with asyncio.timeout(5):
            pieces = [(await anext(sent)).count(b"data: {") for _ in range(5)]
        await sent.aclose()

    assert sum(pieces) > 200
    assert max(pieces) < 100
