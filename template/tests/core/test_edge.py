import json
import re
from collections.abc import AsyncGenerator

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
from httpx2 import AsyncClient

from app.core.feature import Feature
from app.core.requests import network_of
from tests.support import Start


def lines(output: str, event: str) -> list[dict[str, object]]:
    parsed = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [line for line in parsed if line["event"] == event]


async def test_request_id_is_returned(client: AsyncClient) -> None:
    response = await client.get("/items", headers={"X-Request-ID": "my-own-id.42"})

    assert response.headers["x-request-id"] == "my-own-id.42"


@pytest.mark.parametrize("given", ["", "short", "x" * 65, 'a"b{c}d e f', "abcdefgh\u00e9"])
async def test_unfit_request_id_is_replaced(client: AsyncClient, given: str) -> None:
    response = await client.get("/items", headers=[(b"X-Request-ID", given.encode())])

    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


async def test_every_answer_has_security_headers(client: AsyncClient) -> None:
    response = await client.get("/nowhere")

    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert "strict-transport-security" not in response.headers


async def test_https_is_made_to_stay(client: AsyncClient) -> None:
    response = await client.get("https://test/items")

    assert response.headers["strict-transport-security"].startswith("max-age=")


async def test_request_is_logged_with_its_route(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    inner, outer = APIRouter(), APIRouter()
    mounted = FastAPI()

    @mounted.get("/leaf")
    @inner.get("/things/{thing_id}")
    async def read_thing(thing_id: str = "") -> str:
        return thing_id

    outer.include_router(inner, prefix="/inner")
    outer.mount("/mounted", mounted)
    features = [Feature(name="nested", router=outer)]

    async with start(*features, LOG_FORMAT="json") as client:
        await client.get("/inner/things/1?token=hunter2", headers={"X-Request-ID": "request-1"})
        await client.get("/mounted/leaf")
        await client.get("/etc/passwd")
        await client.get("/health/live")

    output = capsys.readouterr().out
    logged = lines(output, "request")
    assert [line["route"] for line in logged] == [
        "/inner/things/{thing_id}",
        "/mounted/leaf",
        "unmatched",
    ]
    assert logged[0]["request_id"] == "request-1"
    assert logged[0]["status"] == 200
    assert "hunter2" not in output


async def test_unexpected_error_is_logged_once_with_its_traceback(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    router = APIRouter()

    @router.get("/broken")
    async def read_broken() -> None:
        raise RuntimeError("at postgresql://app:hunter2@db/app")

    async with start(Feature(name="broken", router=router), LOG_FORMAT="json") as client:
        response = await client.get("/broken")

    output = capsys.readouterr().out
    [line] = lines(output, "unexpected error")
    assert line["request_id"] == response.headers["x-request-id"]
    assert "RuntimeError" in str(line["exception"])
    assert "hunter2" not in output


async def test_large_answers_are_compressed(start: Start) -> None:
    router = APIRouter()

    @router.get("/long")
    async def read_long() -> str:
        return "x" * 10_000

    async with start(Feature(name="long", router=router)) as client:
        response = await client.get("/long", headers={"Accept-Encoding": "gzip"})

    assert response.headers["content-encoding"] == "gzip"
    assert len(response.text) == 10_002


async def test_only_known_origins_may_call(start: Start) -> None:
    async with start(CORS_ORIGINS="https://app.example.com") as client:
        known = await client.get("/health/live", headers={"Origin": "https://app.example.com"})
        other = await client.get("/health/live", headers={"Origin": "https://evil.example.com"})
        without = await client.get("/health/live")
        preflight = await client.options(
            "/health/live",
            headers={
                "Origin": "https://evil.example.com",
                "Access-Control-Request-Method": "GET",
            },
        )

    assert known.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "access-control-allow-credentials" not in known.headers
    assert "access-control-allow-origin" not in other.headers
    assert "Origin" in without.headers["vary"]
    assert preflight.status_code == 400
    assert preflight.headers["content-type"] == "application/problem+json"


async def test_http_is_redirected_where_asked(start: Start) -> None:
    async with start(APP_HTTPS_REDIRECT="true", APP_HOSTS="test") as client:
        response = await client.get("/health/live")
        elsewhere = await client.get("/health/live", headers={"Host": "evil.example"})

    assert response.status_code == 307
    assert response.headers["location"] == "https://test/health/live"
    assert elsewhere.status_code == 400


@pytest.mark.parametrize("encoding", [None, "identity"])
async def test_only_known_hosts_are_answered(start: Start, encoding: str | None) -> None:
    more = [("Accept-Encoding", encoding)] if encoding else []

    async def status(*hosts: str) -> int:
        headers = [*(("Host", host) for host in hosts), *more]
        return (await client.get("/health/live", headers=headers)).status_code

    async with start(APP_HOSTS="test,*.example.com") as client:
        del client.headers["accept-encoding"]  # with it, no request passes beside the layers

        for known in ("test", "test:8000", "api.example.com"):
            assert await status(known) == 200
        for other in ("evil.com", "test.evil.com", ""):
            assert await status(other) == 400
        assert await status("evil.com", "test") == 400


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_counts_are_of_what_one_client_has_to_itself(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize("parts", [["x" * 2000], ["x", "y", "z"]])
async def test_error_in_plain_text_becomes_a_problem_however_it_is_sent(
    start: Start, parts: list[str]
) -> None:
    router = APIRouter()

    async def stream() -> AsyncGenerator[str]:
        for part in parts:
            yield part

    @router.get("/refused")
    async def refuse() -> StreamingResponse:
        return StreamingResponse(stream(), 409, media_type="text/plain")

    async with start(Feature(name="refusing", router=router)) as client:
        response = await client.get("/refused", headers={"Accept-Encoding": "gzip"})

    assert (response.status_code, response.json()["status"]) == (409, 409)
