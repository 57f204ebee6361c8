"""What only streams and sockets meet, which not every service has."""

import asyncio

import pytest
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope, Send

from app.core import edge
from app.core.edge import Edge
from app.core.identity import Forbidden, Principal, require_full_log_in
from app.core.problems import NotFound, problem_of
from app.core.requests import is_foreign

REQUEST: Scope = {
    "type": "http",
    "scheme": "http",
    "method": "GET",
    "path": "/",
    "query_string": b"",
    "headers": [],
    "client": None,
    "server": None,
}


async def receive() -> Message:
    return {"type": "http.request"}


async def test_client_that_takes_nothing_counts_as_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = False

    async def stream(_: Scope, __: Receive, send: Send) -> None:
        nonlocal ended
        await send({"type": "http.response.start", "status": 200})
        try:
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
        finally:
            ended = True

    async def hang(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    monkeypatch.setattr(edge, "SEND_TIMEOUT", 0.01)
    async with asyncio.timeout(5):
        await Edge(stream, [])(REQUEST, receive, hang)

    assert ended


async def test_error_in_the_middle_of_an_answer_closes_the_connection() -> None:
    sent: list[Message] = []

    async def fail(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        raise LookupError

    async def note(message: Message) -> None:
        sent.append(message)

    with pytest.raises(LookupError):
        await Edge(fail, [])(REQUEST, receive, note)

    assert [message["type"] for message in sent] == ["http.response.start"]


async def test_socket_is_passed_on() -> None:
    passed: list[str] = []

    async def serve(scope: Scope, _: Receive, __: Send) -> None:
        passed.append(scope["type"])

    async def send(_: Message) -> None: ...

    await Edge(serve, [])({**REQUEST, "type": "websocket"}, receive, send)

    assert passed == ["websocket"]


async def test_log_in_for_less_is_no_full_one() -> None:
    full = Principal("ada")

    assert await require_full_log_in(full) == full
    with pytest.raises(Forbidden):
        await require_full_log_in(Principal("ada", scopes=frozenset({"items:read"})))


@pytest.mark.parametrize(
    ("origin", "foreign"),
    [
        (None, False),
        ("https://shop.example", False),
        ("https://partner.example", False),
        ("https://evil.example", True),
        ("null", True),
    ],
)
def test_page_of_another_site_is_foreign(origin: str | None, *, foreign: bool) -> None:
    headers = [(b"host", b"shop.example")]
    headers += [] if origin is None else [(b"origin", origin.encode())]

    connection = HTTPConnection({"type": "http", "headers": headers})

    assert is_foreign(connection, ["https://partner.example"]) is foreign


def test_error_is_described_without_an_answer() -> None:
    problem = problem_of(NotFound("There is none."))

    assert (problem.status, problem.detail) == (404, "There is none.")
