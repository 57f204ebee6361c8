import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx2
import pytest
import sentry_sdk
from fastapi import APIRouter, FastAPI, HTTPException, WebSocket
from fastapi.responses import StreamingResponse
from httpx2 import AsyncClient
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from app.core.problems import AppError
from app.core.settings import StartupError, forget_all
from app.main import create_app
from app.sentry.client import lifespan

Event = dict[str, Any]
Serve = Callable[[APIRouter], AbstractAsyncContextManager[AsyncClient]]


class Expected(AppError):
    pass


router = APIRouter(prefix="/probe")


@router.post("/broken/{name}")
async def fail(name: str, data: dict[str, str]) -> None:
    copy = dict(data)
    raise RuntimeError(f"cannot reach postgresql://user:hunter2@db/{name}, {len(copy)}")


@router.get("/expected")
async def fail_as_expected() -> None:
    raise Expected("not today")


@router.get("/unavailable")
async def fail_as_http() -> None:
    raise HTTPException(503)


@router.get("/late")
async def fail_late() -> StreamingResponse:
    async def lines() -> AsyncGenerator[str]:
        yield "one"
        raise RuntimeError("half way")

    return StreamingResponse(lines())


@router.get("/logged")
async def log() -> None:
    logging.getLogger("some.library").error("cannot reach redis://user:hunter2@cache")


@router.websocket("/socket")
async def fail_in_socket(socket: WebSocket) -> None:
    await socket.accept()
    raise RuntimeError("in a socket")


async def test_an_unexpected_error_is_sent_once(sentry: list[Event], serve: Serve) -> None:
    async with serve(router) as client:
        response = await client.post(
            "/probe/broken/it?token=hunter2",
            json={"password": "hunter2"},
            headers={
                "Authorization": "Bearer hunter2",
                "Cookie": "session=hunter2",
                "X-Api-Key": "hunter2",
                "X-Session": "hunter2",
                "X-Request-ID": "request-1",
                "User-Agent": "test",
            },
        )

    assert response.status_code == 500
    [event] = sentry
    assert event["level"] == "error"
    assert event["transaction"] == "POST /probe/broken/{name}"
    assert event["tags"]["request_id"] == "request-1"
    assert event["environment"] == "test"
    assert event["release"].endswith("+abc123")
    assert event["request"]["url"].endswith("/probe/broken/it")
    assert event["request"]["headers"]["user-agent"] == "test"
    [error] = event["exception"]["values"]
    assert error["type"] == "RuntimeError"
    assert error["value"] == "cannot reach postgresql://***@db/it, 1"
    assert error["mechanism"]["handled"] is False
    assert error["stacktrace"]["frames"][-1]["function"] == "fail"


async def test_nothing_of_what_the_caller_sent_leaves(sentry: list[Event], serve: Serve) -> None:
    async with serve(router) as client:
        await client.post(
            "/probe/broken/it?secret=hunter2",
            json={"password": "hunter2"},
            headers={"Authorization": "Bearer hunter2", "X-Forwarded-For": "203.0.113.9"},
        )

    assert sentry
    assert "hunter2" not in str(sentry).replace("user:hunter2@db/{name}", "")  # the source line
    assert "203.0.113.9" not in str(sentry)
    assert "127.0.0.1" not in str(sentry[0].get("user"))


async def test_expected_failures_are_not_sent(sentry: list[Event], serve: Serve) -> None:
    paths = ["/probe/expected", "/probe/unavailable", "/items/not-an-id", "/nowhere"]

    async with serve(router) as client:
        statuses = [(await client.get(path)).status_code for path in paths]

    assert statuses == [400, 503, 422, 404]
    assert sentry == []


async def test_an_error_in_the_middle_of_an_answer_is_sent_once(
    sentry: list[Event], serve: Serve
) -> None:
    async with serve(router) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("/probe/late")

    assert [event["exception"]["values"][-1]["value"] for event in sentry] == ["half way"]


async def test_an_error_in_a_socket_is_sent_once(sentry: list[Event], serve: Serve) -> None:
    async with serve(router) as client:
        url = str(client.base_url.join("/probe/socket").copy_with(scheme="ws"))
        with pytest.raises(ConnectionClosedError):
            async with connect(url) as socket:
                await socket.recv()

    [event] = sentry
    assert event["transaction"] == "WEBSOCKET /probe/socket"


async def test_an_error_that_a_library_logs_is_sent(sentry: list[Event], serve: Serve) -> None:
    async with serve(router) as client:
        await client.get("/probe/logged")

    [event] = sentry
    assert event["logentry"]["message"] == "cannot reach redis://***@cache"
    assert "request_id" in event["tags"]


async def test_requests_can_be_timed(
    sentry: list[Event], serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_TRACES_SAMPLE_RATE", "1")
    forget_all()

    async with serve(router) as client:
        await client.get("/items?name_contains=hunter2")

    [timed] = sentry
    assert timed["type"] == "transaction"
    assert timed["transaction"] == "GET /items"
    assert "SELECT" in str([span["description"] for span in timed["spans"]])
    assert "hunter2" not in str(sentry)


async def test_what_is_not_sent_yet_is_sent_at_the_end(sentry: list[Event]) -> None:
    async with lifespan(FastAPI()):
        sentry_sdk.capture_message("last words")

    assert [event["message"] for event in sentry] == ["last words"]


async def test_it_is_off_without_dsn(serve: Serve) -> None:
    async with serve(router) as client:
        response = await client.post("/probe/broken/it", json={})

        assert response.status_code == 500
        assert not sentry_sdk.is_initialized()


def test_a_malformed_dsn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "hunter2")
    forget_all()

    with pytest.raises(StartupError, match="SENTRY_DSN") as refused:
        create_app()

    assert "hunter2" not in str(refused.value)
