"""Whatever goes wrong, the answer is a problem document that says so and no more."""

from collections.abc import AsyncGenerator

import pytest
from fastapi import APIRouter
from httpx2 import AsyncClient, Response

from app.core.feature import Feature
from app.features import FEATURES
from tests.support import Start

router = APIRouter()


@router.get("/broken")
async def read_broken() -> None:
    raise RuntimeError("the password is hunter2")


def assert_problem(response: Response, status: int, type_: str = "about:blank") -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == type_
    assert problem["status"] == status
    assert problem["title"]
    assert problem["request_id"] == response.headers["x-request-id"]
    assert int(response.headers["content-length"]) == len(response.content)


async def test_unknown_route(client: AsyncClient) -> None:
    assert_problem(await client.get("/nowhere"), 404)


async def test_wrong_method(client: AsyncClient) -> None:
    response = await client.put("/items")

    assert_problem(response, 405)
    assert response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b'{"name": "\\ud800"}', b'{"\\ud800": 1}', b"[" * 100_000]
)
async def test_malformed_body(client: AsyncClient, body: bytes) -> None:
    response = await client.post(
        "/items", content=body, headers={"Content-Type": "application/json"}
    )

    assert response.status_code in {400, 422}
    assert_problem(response, response.status_code, response.json()["type"])


async def test_mistake_in_the_text_has_no_pointer(client: AsyncClient) -> None:
    json = {"Content-Type": "application/json"}
    response = await client.post("/items", content=b'{"name": oops}', headers=json)

    [error] = response.json()["errors"]
    assert (error["location"], error["pointer"], error["type"]) == ("body", "", "json_invalid")


async def test_wrong_content_type(client: AsyncClient) -> None:
    response = await client.post(
        "/items", content=b'{"name": "x"}', headers={"Content-Type": "text/plain"}
    )

    assert_problem(response, 422, "urn:problem:invalid-request")


async def test_invalid_value_is_pointed_to_and_not_repeated(client: AsyncClient) -> None:
    response = await client.post("/items", json={"name": "x", "a/b~c": "hunter2"})

    assert_problem(response, 422, "urn:problem:invalid-request")
    assert response.json()["errors"] == [
        {
            "location": "body",
            "pointer": "/a~1b~0c",
            "detail": "Extra inputs are not permitted",
            "type": "extra_forbidden",
        }
    ]
    assert "hunter2" not in response.text


async def test_unexpected_error_shows_no_internals(start: Start) -> None:
    async with start(Feature(name="broken", router=router)) as client:
        response = await client.get("/broken")

    assert_problem(response, 500)
    assert "hunter2" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_page_of_a_known_origin_can_read_an_unexpected_error(start: Start) -> None:
    page = "https://app.example.com"
    async with start(Feature(name="broken", router=router), CORS_ORIGINS=page) as client:
        response = await client.get("/broken", headers={"Origin": page})

    assert_problem(response, 500)
    assert response.headers["access-control-allow-origin"] == page
    assert "X-Request-ID" in response.headers["access-control-expose-headers"]


async def test_unexpected_error_says_why_in_debug(start: Start) -> None:
    async with start(Feature(name="broken", router=router), APP_DEBUG="true") as client:
        response = await client.get("/broken")

    assert response.json()["detail"] == "RuntimeError: the password is hunter2"


async def test_unknown_host(start: Start) -> None:
    async with start(APP_HOSTS="api.example.com") as client:
        response = await client.get("/health/live")
        accepted = await client.get("/health/live", headers={"Host": "api.example.com"})

    assert_problem(response, 400)
    assert accepted.status_code == 200


async def test_body_that_is_too_large(start: Start) -> None:
    async def chunks() -> AsyncGenerator[bytes]:
        for _ in range(20):
            yield b"x" * 1000

    async with start(*FEATURES, APP_MAX_BODY_BYTES="1000") as client:
        declared = await client.post("/items", json={"name": "x" * 2000})
        streamed = await client.post(
            "/items", content=chunks(), headers={"Content-Type": "application/json"}
        )

    assert_problem(declared, 413)
    assert_problem(streamed, 413)
