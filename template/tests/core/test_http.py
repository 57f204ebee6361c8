"""The upstream client, against a real server on loopback."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager

import httpx2
import pytest
import stamina
from structlog.contextvars import bound_contextvars

from app.core.http import open_http


@pytest.fixture(autouse=True)
def without_waiting() -> Generator[None]:
    """It tries as often as it is told to, and does not wait in between."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


class Upstream:
    """Answers with the given statuses in turn, then with 200; keeps what it was sent."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[str] = []
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        status = self.statuses.pop(0) if self.statuses else 200
        if status:  # 0: hang up
            head = f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\nConnection: close\r\n"
            writer.write(head.encode() + b"Set-Cookie: session=of-one\r\n\r\nok")
            await writer.drain()
        writer.close()


@asynccontextmanager
async def upstream(*statuses: int) -> AsyncGenerator[Upstream]:
    upstream = Upstream(*statuses)
    server = await asyncio.start_server(upstream.answer, "127.0.0.1", 0)
    upstream.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield upstream


@pytest.mark.parametrize("failure", [0, 502, 503])
async def test_idempotent_call_is_repeated(failure: int) -> None:
    async with upstream(failure, failure) as server, open_http() as http:
        response = await http.get(server.url)

    assert response.status_code == 200
    assert len(server.requests) == 3


async def test_last_answer_is_returned_when_all_fail() -> None:
    async with upstream(*[503] * 5) as server, open_http() as http:
        response = await http.put(server.url, json={"a": 1})

    assert (response.status_code, response.text) == (503, "ok")
    assert len(server.requests) == 3


@pytest.mark.parametrize(("method", "status"), [("POST", 503), ("GET", 500), ("GET", 404)])
async def test_what_may_not_or_need_not_be_repeated_is_not(method: str, status: int) -> None:
    async with upstream(status) as server, open_http() as http:
        response = await http.request(method, server.url)

    assert response.status_code == status
    assert len(server.requests) == 1


async def test_lost_connection_is_raised_after_the_last_try() -> None:
    async with upstream(0, 0, 0) as server, open_http() as http:
        with pytest.raises(httpx2.TransportError):
            await http.get(server.url)

    assert len(server.requests) == 3


async def test_cookie_of_one_answer_is_not_sent_with_the_next_request() -> None:
    async with upstream() as server, open_http() as http:
        await http.get(server.url)
        await http.get(server.url)
        await http.get(server.url, headers={"Cookie": "session=of-another"})

    cookies = [request.partition("cookie: ")[2].partition("\r")[0] for request in server.requests]
    assert cookies == ["", "", "session=of-another"]


async def test_request_id_is_passed_on() -> None:
    async with upstream() as server, open_http() as http:
        with bound_contextvars(request_id="request-7"):
            await http.get(server.url)

    assert "x-request-id: request-7" in server.requests[0]
