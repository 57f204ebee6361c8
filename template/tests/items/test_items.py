from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.core.events import Event
from app.core.identity import ADMIN, USER, Principal
from tests.support import begin_of_window

UNKNOWN = "00000000-0000-4000-8000-000000000000"
ALICE = Principal("alice", roles=frozenset({USER}))
BOB = Principal("bob", roles=frozenset({USER}))
ROOT = Principal("root", roles=frozenset({ADMIN}))


async def create(client: AsyncClient, name: str = "Desk lamp", **members: str) -> dict[str, Any]:
    response = await client.post("/items", json={"name": name, **members})
    assert response.status_code == 201, response.text
    item: dict[str, Any] = response.json()
    return item


async def names(client: AsyncClient, **query: str | int) -> list[str]:
    response = await client.get("/items", params=query)
    assert response.status_code == 200, response.text
    return [item["name"] for item in response.json()["items"]]


async def test_created_item_can_be_read(client: AsyncClient) -> None:
    response = await client.post("/items", json={"name": "Desk lamp", "description": "Brass."})

    assert response.status_code == 201
    read = await client.get(response.headers["location"])
    assert read.json() == response.json()
    assert read.json()["status"] == "draft"
    assert read.json()["created_at"].endswith("Z")
    assert read.headers["etag"] == response.headers["etag"] == '"1"'


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "a\0b"}, "/name"),
        ({"name": "x", "status": "lost"}, "/status"),
        ({"name": "x", "owner_id": "mallory"}, "/owner_id"),
    ],
)
async def test_invalid_item_is_refused(
    client: AsyncClient, body: dict[str, str], pointer: str
) -> None:
    response = await client.post("/items", json=body)

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert await names(client) == []


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_missing_item_is_a_problem(client: AsyncClient, method: str) -> None:
    response = await client.request(method, f"/items/{UNKNOWN}", json={})

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "urn:problem:item-not-found"


async def test_update_changes_only_what_is_sent(client: AsyncClient) -> None:
    item = await create(client, description="Brass.")

    response = await client.patch(f"/items/{item['id']}", json={"status": "active"})

    assert response.status_code == 200
    changed = response.json()
    assert changed["updated_at"] > item["updated_at"]
    unchanged = {**changed, "status": "draft", "version": 1, "updated_at": item["updated_at"]}
    assert unchanged == item
    assert changed["version"] == 2
    assert response.headers["etag"] == '"2"'


async def test_update_to_null_is_refused(client: AsyncClient) -> None:
    item = await create(client)

    response = await client.patch(f"/items/{item['id']}", json={"name": None})

    assert response.status_code == 422


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_outdated_change_is_refused(client: AsyncClient, method: str) -> None:
    item = await create(client)
    path = f"/items/{item['id']}"
    await client.patch(path, json={"name": "Floor lamp"}, headers={"If-Match": '"1"'})

    response = await client.request(method, path, json={}, headers={"If-Match": '"1"'})

    assert response.status_code == 412
    assert response.json()["type"] == "urn:problem:item-changed"
    assert await names(client) == ["Floor lamp"]


@pytest.mark.parametrize("if_match", ["*", '"1"', '"9", "1"'])
async def test_change_of_the_version_that_was_read_is_made(
    client: AsyncClient, if_match: str
) -> None:
    item = await create(client)

    response = await client.delete(f"/items/{item['id']}", headers={"If-Match": if_match})

    assert response.status_code == 204
    assert await names(client) == []


@pytest.mark.parametrize("sort", ["name", "-name", "created_at", "-updated_at"])
async def test_pages_hold_every_item_once_in_order(client: AsyncClient, sort: str) -> None:
    for name in ("b", "a", "c", "a", "b"):
        await create(client, name)
    whole = await client.get("/items", params={"sort": sort})
    paged: list[dict[str, Any]] = []
    cursors: list[dict[str, str]] = [{}]

    for cursor in cursors:
        page = (await client.get("/items", params={"sort": sort, "limit": 2, **cursor})).json()
        paged += page["items"]
        if page["next_cursor"] and len(cursors) < 5:
            cursors.append({"cursor": page["next_cursor"]})

    assert len(cursors) == 3
    assert paged == whole.json()["items"]
    column = sort.removeprefix("-")
    values = [item[column] for item in paged]
    assert values == sorted(values, reverse=sort.startswith("-"))
    assert len(values) == 5


async def test_item_added_between_pages_moves_nothing(client: AsyncClient) -> None:
    for name in ("b", "c", "d"):
        await create(client, name)
    first = (await client.get("/items", params={"sort": "name", "limit": 2})).json()

    await create(client, "a")

    assert await names(client, sort="name", limit=2, cursor=first["next_cursor"]) == ["d"]


@pytest.mark.parametrize(
    "cursor",
    ["%%%", "bm9uc2Vuc2U=", "WyJuYW1lIiwgImEiLCAieCJd", "W1tbW1tbW1tbW1tbW1tbW1tbW1tb"],
)
async def test_invented_cursor_is_refused(client: AsyncClient, cursor: str) -> None:
    response = await client.get("/items", params={"sort": "name", "cursor": cursor})

    assert response.status_code == 400
    assert response.json()["type"] == "urn:problem:invalid-cursor"


async def test_cursor_of_another_sort_is_refused(client: AsyncClient) -> None:
    await create(client, "a")
    await create(client, "b")
    page = (await client.get("/items", params={"sort": "name", "limit": 1})).json()

    response = await client.get("/items", params={"cursor": page["next_cursor"]})

    assert response.status_code == 400


async def test_filters_are_joined(client: AsyncClient) -> None:
    await create(client, "Desk lamp", status="active")
    await create(client, "Floor LAMP")
    await create(client, "100% wool", status="active")

    assert await names(client, sort="name", name_contains="lamp") == ["Desk lamp", "Floor LAMP"]
    assert await names(client, name_contains="lamp", status="active") == ["Desk lamp"]
    assert await names(client, name_contains="%") == ["100% wool"]
    assert await names(client, created_after="2999-01-01T00:00:00Z") == []
    assert len(await names(client, created_after="2001-01-01T00:00:00+02:00")) == 3


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "owner_id"},
        {"limit": 101},
        {"colour": "red"},
        {"created_after": "2001-01-01T00:00:00"},
        {"created_after": "978307200"},
        {"created_after": "0001-01-01T00:00:00+14:00"},
    ],
)
async def test_invalid_query_is_refused(client: AsyncClient, query: dict[str, str]) -> None:
    response = await client.get("/items", params=query)

    assert response.status_code == 422


@pytest.mark.parametrize("known", ['"1"', 'W/"1"', '"7", "1"', "*"])
async def test_known_version_is_not_sent_again(client: AsyncClient, known: str) -> None:
    path = f"/items/{(await create(client))['id']}"

    response = await client.get(path, headers={"If-None-Match": known})

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == '"1"'
    assert (await client.get(path, headers={"If-None-Match": '"2"'})).status_code == 200


async def test_committed_changes_are_told(app: FastAPI, client: AsyncClient) -> None:
    told: list[Event] = []

    class Listener:
        async def publish(self, event: Event) -> None:
            told.append(event)

    app.state.lifespan["events"] = Listener()
    item = await create(client)
    path = f"/items/{item['id']}"

    await client.post("/items", json={"name": ""})
    await client.patch(path, json={"name": "Floor lamp"}, headers={"If-Match": '"7"'})
    await client.patch(path, json={"name": "Floor lamp"})
    await client.delete(path)

    assert [event.name for event in told] == ["item.created", "item.updated", "item.deleted"]
    assert {(event.topic, event.owner) for event in told} == {("items", item["owner_id"])}
    assert told[0].data == item
    assert told[1].data["name"] == "Floor lamp"


async def test_items_of_others_do_not_exist(
    client: AsyncClient, log_in: Callable[[Principal], None]
) -> None:
    log_in(ALICE)
    path = f"/items/{(await create(client))['id']}"

    log_in(BOB)

    assert await names(client) == []
    assert (await client.get(path)).status_code == 404
    assert (await client.patch(path, json={"name": "Mine"})).status_code == 404
    assert (await client.delete(path)).status_code == 404


async def test_administrator_sees_all_items(
    client: AsyncClient, log_in: Callable[[Principal], None]
) -> None:
    for principal in (ALICE, BOB):
        log_in(principal)
        await create(client, principal.id)

    log_in(ROOT)

    assert await names(client, sort="name") == ["alice", "bob"]


async def test_writes_share_a_limit(client: AsyncClient) -> None:
    await begin_of_window()
    created = await client.post("/items", json={"name": "first"})
    path = created.headers["location"]
    changed = await client.patch(path, json={"name": "second"})
    deleted = await client.delete(path)

    left = [response.headers["ratelimit"].partition(";t=")[0] for response in (changed, deleted)]
    assert created.headers["ratelimit-policy"] == '"items-write";q=120;w=60'
    assert left == ['"items-write";r=118', '"items-write";r=117']
    assert "ratelimit" not in (await client.get("/items")).headers
