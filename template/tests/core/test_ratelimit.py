"""Rate limits in process, and over a real server of the Redis protocol."""

import pytest

from app.core.settings import StartupError
from tests.core.limited import FEATURE, statuses
from tests.support import Start, begin_of_window


async def test_client_is_told_where_it_stands(start: Start) -> None:
    await begin_of_window()
    async with start(FEATURE) as client:
        first, _, third = [await client.get("/limited") for _ in range(3)]

    assert first.headers["ratelimit-policy"] == '"test";q=2;w=60'
    assert first.headers["ratelimit"].startswith('"test";r=1;t=')
    assert third.status_code == 429
    assert third.json()["type"] == "urn:problem:too-many-requests"
    assert third.headers["ratelimit"].startswith('"test";r=0;t=')
    assert 1 <= int(third.headers["retry-after"]) <= 60


async def test_limits_can_be_switched_off(start: Start) -> None:
    async with start(FEATURE, RATELIMIT_ENABLED="false") as client:
        assert await statuses(client, 4) == [200] * 4


async def test_processes_share_a_count_over_redis(start: Start, redis_url: str) -> None:
    url = redis_url

    async with (
        start(FEATURE, RATELIMIT_URL=url) as one,
        start(FEATURE, RATELIMIT_URL=url) as other,
    ):
        assert await statuses(one, 1) + await statuses(other, 2) == [200, 200, 429]


@pytest.mark.parametrize(
    ("decision", "expected"), [("local", [200, 200, 429]), ("deny", [503] * 3)]
)
async def test_without_redis_it_is_as_decided(
    start: Start, decision: str, expected: list[int]
) -> None:
    settings = {"RATELIMIT_URL": "redis://127.0.0.1:1", "RATELIMIT_WHEN_DOWN": decision}
    await begin_of_window()
    async with start(FEATURE, **settings) as client:
        assert await statuses(client, 3) == expected


async def test_count_is_in_the_server_that_processes_share(start: Start, redis_url: str) -> None:
    url = redis_url

    async with start(FEATURE, REDIS_URL=url) as one, start(FEATURE, REDIS_URL=url) as other:
        assert await statuses(one, 1) + await statuses(other, 2) == [200, 200, 429]


@pytest.mark.parametrize("url", ["nonsense://here", "MEMORY://"])
async def test_unusable_store_stops_the_start(start: Start, url: str) -> None:
    with pytest.raises(StartupError, match="RATELIMIT_URL"):
        async with start(FEATURE, RATELIMIT_URL=url):
            pass
