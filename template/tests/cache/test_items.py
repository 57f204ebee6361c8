"""Items read through the cache, over HTTP."""

import re
from collections.abc import Callable

import pytest
from httpx2 import AsyncClient

from app.core.identity import ADMIN, USER, Principal
from app.features import FEATURES
from tests.support import Start

ALICE = Principal("alice", roles=frozenset({USER}))
BOB = Principal("bob", roles=frozenset({USER}))
ROOT = Principal("root", roles=frozenset({ADMIN}))


async def create(client: AsyncClient) -> str:
    response = await client.post("/items", json={"name": "Desk lamp"})
    assert response.status_code == 201
    return f"/items/{response.json()['id']}"


async def reads(client: AsyncClient, result: str) -> float:
    pattern = rf'cache_reads_total{{model="ItemRead",result="{result}"}} ([\d.]+)'
    found = re.search(pattern, (await client.get("/metrics")).text)
    return float(found[1]) if found else 0


async def test_change_is_seen_at_once(client: AsyncClient) -> None:
    path = await create(client)
    hits = await reads(client, "hit")

    names = [(await client.get(path)).json()["name"] for _ in range(3)]
    await client.patch(path, json={"name": "Floor lamp"})
    changed = await client.get(path)
    await client.delete(path)
    gone = await client.get(path)

    assert names == ["Desk lamp"] * 3
    assert await reads(client, "hit") - hits == 2
    assert changed.json()["name"] == "Floor lamp"
    assert changed.headers["etag"] == '"2"'
    assert gone.status_code == 404


async def test_what_is_kept_for_one_is_not_shown_to_another(
    client: AsyncClient, log_in: Callable[[Principal], None]
) -> None:
    log_in(ALICE)
    path = await create(client)
    await client.get(path)
    hits = await reads(client, "hit")

    statuses: list[int] = []
    for principal in (ALICE, BOB, ROOT):
        log_in(principal)
        statuses.append((await client.get(path)).status_code)

    assert statuses == [200, 404, 200]
    assert await reads(client, "hit") - hits == 3


@pytest.mark.usefixtures("migrated_database")
async def test_change_in_one_process_is_seen_in_another(start: Start, redis_url: str) -> None:
    settings = {"REDIS_URL": redis_url}
    async with start(*FEATURES, **settings) as one, start(*FEATURES, **settings) as other:
        path = await create(one)
        kept = [await client.get(path) for client in (one, other)]

        await one.patch(path, json={"name": "Floor lamp"})
        changed = await other.get(path)

    assert [answer.json()["name"] for answer in kept] == ["Desk lamp"] * 2
    assert changed.json()["name"] == "Floor lamp"
