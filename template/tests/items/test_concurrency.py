"""Two requests at once need real transactions: these tests have a database of their own."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
from httpx2 import AsyncClient

LiveClient = Callable[[], AbstractAsyncContextManager[AsyncClient]]


@pytest.fixture(scope="module")
async def live_client(new_live_client: LiveClient) -> AsyncGenerator[AsyncClient]:
    async with new_live_client() as client:
        yield client


async def test_of_concurrent_changes_one_wins(live_client: AsyncClient) -> None:
    item = (await live_client.post("/items", json={"name": "start"})).json()

    responses = await asyncio.gather(
        *(
            live_client.patch(
                f"/items/{item['id']}", json={"name": f"{i}"}, headers={"If-Match": '"1"'}
            )
            for i in range(8)
        )
    )

    winners = [response for response in responses if response.status_code == 200]
    losers = [response for response in responses if response.status_code == 412]
    assert (len(winners), len(losers)) == (1, 7)
    now = (await live_client.get(f"/items/{item['id']}")).json()
    assert now == winners[0].json()


async def test_concurrent_readers_and_writers_all_get_through(live_client: AsyncClient) -> None:
    writes = [live_client.post("/items", json={"name": f"{i}"}) for i in range(20)]
    reads = [live_client.get("/items") for _ in range(20)]

    responses = await asyncio.gather(*writes, *reads)

    assert {response.status_code for response in responses} == {200, 201}
