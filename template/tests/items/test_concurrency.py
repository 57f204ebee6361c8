"""Requests at the same time: only real transactions, on a database of their own, show who wins."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from anyio.to_thread import current_default_thread_limiter
from httpx2 import AsyncClient

from app.features import FEATURES
from tests.support import Start


@pytest.fixture
async def live_client(migrated_database: str, start: Start) -> AsyncGenerator[AsyncClient]:
    async with start(*FEATURES, DATABASE_URL=migrated_database) as client:
        yield client


async def test_of_concurrent_changes_one_wins(live_client: AsyncClient) -> None:
    item = (await live_client.post("/items", json={"name": "start"})).json()
    path = f"/items/{item['id']}"

    responses = await asyncio.gather(
        *(
            live_client.patch(path, json={"name": str(i)}, headers={"If-Match": '"1"'})
            for i in range(8)
        )
    )

    winners = [response for response in responses if response.status_code == 200]
    assert sorted(response.status_code for response in responses) == [200] + [412] * 7
    assert (await live_client.get(path)).json() == winners[0].json()


async def test_changes_without_if_match_lose_nothing_silently(live_client: AsyncClient) -> None:
    path = (await live_client.post("/items", json={"name": "start"})).headers["location"]

    responses = await asyncio.gather(
        *(live_client.patch(path, json={"name": str(i)}) for i in range(8))
    )

    changed = [response for response in responses if response.status_code == 200]
    assert {response.status_code for response in responses} <= {200, 412}
    assert (await live_client.get(path)).json()["version"] == 1 + len(changed)


async def test_readers_and_writers_all_get_through(live_client: AsyncClient) -> None:
    writes = [live_client.post("/items", json={"name": str(i)}) for i in range(10)]
    reads = [live_client.get("/items") for _ in range(10)]

    responses = await asyncio.gather(*writes, *reads)

    assert sorted(response.status_code for response in responses) == [200] * 10 + [201] * 10


async def test_busy_threads_hold_up_nobody(client: AsyncClient) -> None:
    """What is not async runs in a thread: a request that needs one would wait for the others."""
    threads = current_default_thread_limiter()
    holders = [object() for _ in range(int(threads.total_tokens))]
    for holder in holders:
        threads.acquire_on_behalf_of_nowait(holder)
    try:
        async with asyncio.timeout(5):
            created = await client.post("/items", json={"name": "lamp"})
            listed = await client.get("/items")
    finally:
        for holder in holders:
            threads.release_on_behalf_of(holder)

    assert (created.status_code, listed.status_code) == (201, 200)
