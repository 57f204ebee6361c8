import asyncio
from collections.abc import Callable

import pytest
from httpx2 import AsyncClient

from app.core.identity import USER, Principal
from app.features import FEATURES
from tests.support import Start

LogIn = Callable[[Principal], None]


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks are run by the service itself."""
    monkeypatch.setenv("TASKS_BROKER_URL", "memory://")


@pytest.mark.usefixtures("migrated_database")
async def test_report_counts_the_owners_items(start: Start) -> None:
    async with start(*FEATURES) as client:
        for status in ("draft", "active", "active"):
            await client.post("/items", json={"name": "Lamp", "status": status})

        answer = await client.post("/item-reports")
        task = await finished(client, answer.headers["Location"])

    assert answer.status_code == 202
    assert answer.json()["state"] == "waiting"
    assert task["state"] == "done"
    assert task["result"] == {"total": 3, "by_status": {"draft": 1, "active": 2, "archived": 0}}


async def finished(client: AsyncClient, location: str) -> dict[str, object]:
    async with asyncio.timeout(10):
        while True:
            task: dict[str, object] = (await client.get(location)).json()
            if task["finished_at"]:
                return task
            await asyncio.sleep(0.02)


async def test_same_key_gets_the_same_report(client: AsyncClient) -> None:
    headers = {"Idempotency-Key": "once"}

    first = await client.post("/item-reports", headers=headers)
    again = await client.post("/item-reports", headers=headers)
    other = await client.post("/item-reports")

    assert first.json() == again.json()
    assert first.headers["Location"] == again.headers["Location"]
    assert other.json()["id"] != first.json()["id"]


@pytest.mark.parametrize("key", ["", "x" * 201, "a b"])
async def test_unusable_key_is_refused(client: AsyncClient, key: str) -> None:
    answer = await client.post("/item-reports", headers={"Idempotency-Key": key})

    assert answer.status_code == 422


async def test_keys_of_two_people_have_nothing_to_do_with_each_other(
    client: AsyncClient, log_in: LogIn
) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await client.post("/item-reports", headers=headers)
    log_in(Principal("somebody-else", roles=frozenset({USER})))

    second = await client.post("/item-reports", headers=headers)

    assert second.json()["id"] != first.json()["id"]
