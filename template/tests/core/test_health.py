import asyncio

from httpx2 import AsyncClient
from starlette.requests import HTTPConnection

from app.core.feature import Feature
from app.core.project import project
from tests.support import Start


async def hang(_: HTTPConnection) -> None:
    await asyncio.sleep(60)


async def fail(_: HTTPConnection) -> None:
    raise ConnectionError("redis://:hunter2@cache refused")


async def test_liveness_tells_the_build(start: Start) -> None:
    async with start(APP_COMMIT="abc1234") as client:
        response = await client.get("/health/live")

    assert response.json() == {
        "status": "ok",
        "version": project().version,
        "commit": "abc1234",
    }


async def test_ready_when_every_check_passes(client: AsyncClient) -> None:
    response = await client.get("/health/ready")

    assert response.status_code == 200
    assert response.json()["checks"]["database"]["status"] == "ok"


async def test_not_ready_tells_which_check_and_not_why(start: Start) -> None:
    feature = Feature(name="broken", checks={"cache": fail, "queue": hang})

    async with start(feature, HEALTH_TIMEOUT="0.1") as client:
        paths = ("/health/ready", "/health/startup", "/health/live")
        ready, startup, live = await asyncio.gather(*map(client.get, paths))

    assert ready.status_code == startup.status_code == 503
    assert ready.headers["content-type"] == "application/problem+json"
    assert ready.json()["detail"] == "Not ready: cache, queue."
    statuses = {name: check["status"] for name, check in ready.json()["checks"].items()}
    assert statuses == {"database": "ok", "cache": "failed", "queue": "timeout"}
    assert "hunter2" not in ready.text
    assert live.status_code == 200


async def test_started_stays_started(start: Start) -> None:
    down = False

    async def check(_: HTTPConnection) -> None:
        if down:
            raise ConnectionError

    async with start(Feature(name="flaky", checks={"flaky": check})) as client:
        first = await client.get("/health/startup")
        down = True
        second = await client.get("/health/startup")

    assert first.status_code == second.status_code == 200
