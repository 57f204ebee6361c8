"""Which errors are sent, and what of a request goes with them."""

import pytest
from httpx2 import RemoteProtocolError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from tests.sentry.support import Event, serving

SECRETS = {
    "Authorization": "Bearer hunter2",
    "Cookie": "session=hunter2",
    "X-Api-Key": "hunter2",
    "X-Invented-Here": "hunter2",
    "X-Forwarded-For": "203.0.113.9",
}


async def test_an_unexpected_error_is_sent_once(sentry: list[Event]) -> None:
    headers = {"X-Request-ID": "request-1", "User-Agent": "test"}

    async with serving() as client:
        response = await client.post("/probe/broken/it", json={}, headers=headers)

    assert response.status_code == 500
    [event] = sentry
    assert event["level"] == "error"
    assert event["transaction"] == "POST /probe/broken/{name}"
    assert event["tags"]["request_id"] == "request-1"
    assert event["request"]["url"] == str(response.url)
    assert event["request"]["headers"]["user-agent"] == "test"
    [error] = event["exception"]["values"]
    assert error["type"] == "RuntimeError"
    assert error["mechanism"]["handled"] is False
    assert error["stacktrace"]["frames"][-1]["function"] == "fail"


async def test_nothing_that_may_be_secret_is_sent(sentry: list[Event]) -> None:
    async with serving() as client:
        await client.post(
            "/probe/broken/it?token=hunter2", json={"password": "hunter2"}, headers=SECRETS
        )

    [event] = sentry
    [error] = event["exception"]["values"]
    assert error["value"] == "cannot reach postgresql://***@db/it, 1"
    assert "hunter2" not in str(event)
    assert "203.0.113.9" not in str(event)


async def test_expected_failures_are_not_sent(sentry: list[Event]) -> None:
    paths = ["/probe/expected", "/probe/unavailable", "/items/not-an-id", "/nowhere"]

    async with serving() as client:
        statuses = [(await client.get(path)).status_code for path in paths]
        statuses.append((await client.post("/nowhere", content=b"x" * 2_000_000)).status_code)

    assert statuses == [400, 503, 422, 404, 413]
    assert sentry == []


async def test_an_error_in_the_middle_of_an_answer_is_sent_once(sentry: list[Event]) -> None:
    async with serving() as client:
        with pytest.raises(RemoteProtocolError):
            await client.get("/probe/late")

    [event] = sentry
    assert event["exception"]["values"][-1]["value"] == "half way"


async def test_an_error_in_a_socket_is_sent_once(sentry: list[Event]) -> None:
    async with serving() as client:
        url = client.base_url.copy_with(scheme="ws", path="/probe/socket")
        with pytest.raises(ConnectionClosedError):
            async with connect(str(url)) as socket:
                await socket.recv()

    [event] = sentry
    assert event["transaction"] == "WEBSOCKET /probe/socket"


async def test_an_error_that_a_library_logs_is_sent(sentry: list[Event]) -> None:
    async with serving() as client:
        await client.get("/probe/logged")

    [event] = sentry
    assert event["logentry"]["message"] == "cannot reach redis://***@cache"
    assert event["transaction"] == "GET /probe/logged"
