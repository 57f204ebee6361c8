"""Sockets over real connections, with a client that knows nothing of this service."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.websocket.feature import feature as websocket
from tests.realtime.people import LOCKED_OUT, NOTES, OPEN_NOTES, REALTIME, tell
from tests.support import Serve, Served

FEATURES = (REALTIME, websocket, NOTES)


class Client:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, kind: str, **members: str) -> None:
        await self.socket.send(json.dumps({"type": kind, **members}))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        return message

    async def ask(self, kind: str, **members: str) -> dict[str, Any]:
        await self.say(kind, **members)
        return await self.hear()

    async def problem(self, kind: str, **members: str) -> tuple[int, str]:
        answer = await self.ask(kind, **members)
        assert answer["type"] == "error", answer
        return answer["problem"]["status"], answer["problem"]["type"].removeprefix("urn:problem:")

    async def numbers(self, count: int) -> list[int]:
        return [(await self.hear())["data"]["number"] for _ in range(count)]

    async def close_code(self) -> int | None:
        async with asyncio.timeout(5):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed:
                return self.socket.close_code


@asynccontextmanager
async def connected(served: Served, name: str = "", **headers: str) -> AsyncGenerator[Client]:
    sent = {"Authorization": f"Bearer {name}"} if name else {}
    async with connect(
        f"ws://{served.host}/ws", additional_headers={**sent, **headers}, proxy=None
    ) as socket:
        client = Client(socket)
        assert (await client.hear())["type"] == "ready"
        yield client


async def refused(served: Served, name: str = "", **headers: str) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as caught:
        async with connected(served, name, **headers):
            pass
    problem = json.loads(caught.value.response.body or b"{}")
    return caught.value.response.status_code, problem["type"].removeprefix("urn:problem:")


async def test_subscriber_hears_what_happens(serve: Serve) -> None:
    async with serve(*FEATURES) as served, connected(served, "alice") as client:
        subscribed = await client.ask("subscribe", topic="news")
        await tell(served, 1)
        told = await client.hear()

        assert subscribed["type"] == "subscribed"
        assert told == {
            "type": "event",
            "topic": "news",
            "id": told["id"],
            "name": "news.told",
            "data": {"number": 1},
        }
        assert told["id"] > subscribed["id"]
        assert await client.ask("unsubscribe", topic="news") == {
            "type": "unsubscribed",
            "topic": "news",
        }
        await tell(served, 2)
        assert await client.ask("ping") == {"type": "pong"}


async def test_one_who_comes_back_misses_nothing(serve: Serve) -> None:
    async with serve(*FEATURES) as served:
        async with connected(served) as client:
            await client.ask("subscribe", topic="news")
            await tell(served, 1)
            known = (await client.hear())["id"]
        await tell(served, 2)

        async with connected(served) as client:
            assert (await client.ask("subscribe", topic="news", after=known))["id"] == known
            await tell(served, 3)
            assert await client.numbers(2) == [2, 3]
        async with connected(served) as client:
            await client.ask("subscribe", topic="news", after="of another time")
            assert (await client.hear())["type"] == "reset"


async def test_everybody_hears_of_their_own(serve: Serve) -> None:
    async with (
        serve(*FEATURES) as served,
        connected(served, "alice") as alice,
        connected(served, "root") as administrator,
    ):
        for client in (alice, administrator):
            await client.ask("subscribe", topic="notes")
            await client.ask("subscribe", topic="news")
        await tell(served, 1, owner="bob")
        await tell(served, 2, owner="alice")

        assert await alice.numbers(1) == [2]
        assert await administrator.numbers(2) == [1, 2]


async def test_browser_logs_in_with_its_first_message(serve: Serve) -> None:
    async with serve(*FEATURES) as served, connected(served) as client:
        assert await client.problem("subscribe", topic="notes") == (401, "unauthenticated")
        ready = await client.ask("authenticate", token="alice")
        await client.ask("subscribe", topic="notes")
        await tell(served, 1, owner="alice")

        assert ready == {"type": "ready", "principal": "alice"}
        assert await client.numbers(1) == [1]
        assert await client.problem("authenticate", token="root") == (409, "too-late")


async def test_wrong_token_ends_the_connection(serve: Serve) -> None:
    async with serve(*FEATURES) as served, connected(served) as client:
        await client.say("authenticate", token="nobody knows")

        assert await client.close_code() == 4401


async def test_handshake_is_refused_with_a_reason(serve: Serve) -> None:
    async with serve(*FEATURES, REALTIME_MAX_CONNECTIONS_EACH="1") as served:
        assert await refused(served, "nobody") == (401, "unauthenticated")
        assert await refused(served, Origin="https://evil.example") == (403, "foreign-page")
        async with connected(served, "alice", Origin=served.url):
            assert await refused(served, "alice") == (429, "too-many-connections")
            async with connected(served) as client:
                answer = await client.problem("authenticate", token="alice")
                assert answer == (429, "too-many-connections")


async def test_pages_of_named_origins_are_welcome(serve: Serve) -> None:
    async with (
        serve(*FEATURES, CORS_ORIGINS="https://app.example.com") as served,
        connected(served, Origin="https://app.example.com") as client,
    ):
        assert await client.ask("ping") == {"type": "pong"}


async def test_without_a_log_in_everybody_may_listen(serve: Serve) -> None:
    async with serve(REALTIME, websocket, OPEN_NOTES) as served, connected(served) as client:
        assert (await client.ask("subscribe", topic="notes"))["type"] == "subscribed"


async def test_mistakes_are_explained_and_bounded(serve: Serve) -> None:
    async with serve(*FEATURES) as served, connected(served, "alice") as client:
        await client.ask("subscribe", topic="news")
        assert await client.problem("subscribe", topic="news") == (409, "already-subscribed")
        assert await client.problem("unsubscribe", topic="notes") == (409, "not-subscribed")
        assert await client.problem("subscribe", topic="secrets") == (404, "topic-not-found")
        assert await client.problem("shout") == (422, "invalid-message")
        for _ in range(20):
            await client.say("shout")

        assert await client.close_code() == 1008


async def test_who_may_not_listen_is_told(serve: Serve) -> None:
    async with serve(*FEATURES) as served, connected(served, "guest") as client:
        assert await client.problem("subscribe", topic="notes") == (403, "forbidden")


@pytest.mark.parametrize(("message", "code"), [(b"bytes", 1003), ("x" * 9000, 1009)])
async def test_unreadable_message_ends_the_connection(
    serve: Serve, message: str | bytes, code: int
) -> None:
    async with serve(*FEATURES) as served, connected(served) as client:
        await client.socket.send(message)

        assert await client.close_code() == code


@pytest.mark.parametrize(
    ("settings", "name", "code"),
    [
        ({"WEBSOCKET_LOGIN_SECONDS": "0.05"}, "", 4408),
        ({"WEBSOCKET_LOGIN_SECONDS": "0.05", "REALTIME_MAX_SECONDS": "0.1"}, "alice", 4000),
    ],
)
async def test_connections_end_in_time(
    serve: Serve, settings: dict[str, str], name: str, code: int
) -> None:
    async with serve(*FEATURES, **settings) as served, connected(served, name) as client:
        assert await client.close_code() == code


@pytest.mark.parametrize("header", [True, False])
async def test_who_is_locked_out_stops_listening(serve: Serve, *, header: bool) -> None:
    login_seconds = "0.05" if header else "1"
    settings = {"WEBSOCKET_LOGIN_SECONDS": login_seconds, "REALTIME_CHECK_SECONDS": "0.05"}
    name = f"mallory-{header}"
    async with (
        serve(*FEATURES, **settings) as served,
        connected(served, name if header else "") as client,
    ):
        if not header:
            await client.ask("authenticate", token=name)
        await client.ask("subscribe", topic="notes")
        LOCKED_OUT.add(name)

        assert await client.close_code() == 4401


async def test_client_with_many_messages_leaves_others_their_turns(serve: Serve) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with serve(*FEATURES) as served, connected(served) as client:
        for _ in range(1000):
            await client.say("ping")
        other = asyncio.create_task(count())
        for _ in range(1000):
            await client.hear()
        other.cancel()

    assert turns > 1000


async def test_one_that_takes_nothing_is_let_go(serve: Serve) -> None:
    settings = {"REALTIME_QUEUE": "10", "WEBSOCKET_SEND_SECONDS": "0.2"}
    async with serve(*FEATURES, **settings) as served, connected(served) as client:
        await client.ask("subscribe", topic="news")
        for number in range(50):
            await tell(served, number)

        assert await client.close_code() == 1013


async def test_end_of_the_service_ends_the_sockets(serve: Serve) -> None:
    async with serve(*FEATURES) as served, connected(served) as client:
        await client.ask("subscribe", topic="news")
        served.state["events"].stop()

        assert await client.close_code() == 1012
