from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import func, select, update

from app.api_keys.models import ApiKey
from app.audit.models import AuditEvent
from app.auth.models import User
from app.core.database.engine import Database
from app.core.database.models import now
from tests.auth.people import bearer, change_user, log_in, make_user


@pytest.fixture
async def ada(database: Database) -> User:
    return await make_user(database, "ada@example.com")


@pytest.fixture
async def headers(visitor: AsyncClient, ada: User) -> dict[str, str]:
    return bearer(await log_in(visitor, ada.email))


async def make_key(
    client: AsyncClient, headers: dict[str, str], *scopes: str, **more: str
) -> dict[str, Any]:
    body = {"name": "import", "scopes": scopes or ("items:read", "items:write"), **more}
    response = await client.post("/api-keys", json=body, headers=headers)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def status(client: AsyncClient, key: str, path: str = "/items") -> int:
    return (await client.get(path, headers={"X-API-Key": key})).status_code


async def test_key_opens_what_it_is_for(visitor: AsyncClient, headers: dict[str, str]) -> None:
    made = await make_key(visitor, headers, "items:read")
    with_key = {"X-API-Key": made["key"]}

    assert made["key"].startswith(f"key_{made['prefix']}_")
    assert await status(visitor, made["key"]) == 200
    refused = await visitor.post("/items", json={"name": "x"}, headers=with_key)
    assert refused.status_code == 403


async def test_items_of_a_key_are_its_owners(visitor: AsyncClient, headers: dict[str, str]) -> None:
    made = await make_key(visitor, headers)
    await visitor.post("/items", json={"name": "x"}, headers={"X-API-Key": made["key"]})

    assert len((await visitor.get("/items", headers=headers)).json()["items"]) == 1


async def test_who_has_not_confirmed_an_address_makes_no_keys(
    visitor: AsyncClient, database: Database, ada: User, headers: dict[str, str]
) -> None:
    await change_user(database, ada.email, is_verified=False)

    refused = await visitor.post(
        "/api-keys", json={"name": "import", "scopes": ["items:read"]}, headers=headers
    )

    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:problem:not-confirmed"


async def test_key_is_shown_once_and_kept_as_a_digest(
    visitor: AsyncClient, database: Database, headers: dict[str, str]
) -> None:
    made = await make_key(visitor, headers)
    secret = made["key"].split("_", 2)[2]

    listed = (await visitor.get("/api-keys", headers=headers)).text
    async with database.read.begin() as session:
        stored = (await session.scalars(select(ApiKey))).one()

    assert made["prefix"] in listed
    assert secret not in listed + str(vars(stored))


@pytest.mark.parametrize(
    "key", ["", "x", "key_", "key_0_0", "key_{prefix}_wrong", "x_{prefix}_{secret}"]
)
async def test_wrong_key_is_refused(
    visitor: AsyncClient, headers: dict[str, str], key: str
) -> None:
    _, prefix, secret = (await make_key(visitor, headers))["key"].split("_", 2)

    assert await status(visitor, key.format(prefix=prefix, secret=secret)) == 401


async def test_revoked_key_is_dead(visitor: AsyncClient, headers: dict[str, str]) -> None:
    made = await make_key(visitor, headers)
    path = f"/api-keys/{made['id']}"

    assert (await visitor.delete(path, headers=headers)).status_code == 204

    assert await status(visitor, made["key"]) == 401
    assert (await visitor.delete(path, headers=headers)).status_code == 204
    assert (await visitor.get("/api-keys", headers=headers)).json()[0]["revoked_at"]


async def test_expired_key_is_dead(
    visitor: AsyncClient, database: Database, headers: dict[str, str]
) -> None:
    later = (now() + timedelta(hours=1)).isoformat()
    made = await make_key(visitor, headers, expires_at=later)
    assert await status(visitor, made["key"]) == 200

    async with database.write.begin() as session:
        await session.execute(update(ApiKey).values(expires_at=now() - timedelta(seconds=1)))

    assert await status(visitor, made["key"]) == 401


async def test_key_of_a_locked_user_is_dead(
    visitor: AsyncClient, database: Database, ada: User, headers: dict[str, str]
) -> None:
    made = await make_key(visitor, headers)

    await change_user(database, ada.email, is_active=False)

    assert await status(visitor, made["key"]) == 401


async def test_key_cannot_make_keys_or_end_log_ins(
    visitor: AsyncClient, headers: dict[str, str]
) -> None:
    with_key = {"X-API-Key": (await make_key(visitor, headers))["key"]}

    for method, path in (("POST", "/api-keys"), ("GET", "/api-keys"), ("GET", "/auth/sessions")):
        response = await visitor.request(method, path, json={}, headers=with_key)
        assert response.status_code == 403


async def test_key_of_somebody_else_cannot_be_revoked(
    visitor: AsyncClient, database: Database, headers: dict[str, str]
) -> None:
    made = await make_key(visitor, headers)
    eve = bearer(await log_in(visitor, (await make_user(database, "eve@example.com")).email))

    assert (await visitor.delete(f"/api-keys/{made['id']}", headers=eve)).status_code == 404
    assert await status(visitor, made["key"]) == 200


@pytest.mark.parametrize("scopes", [["users:manage"], ["items:read", "everything"]])
async def test_key_cannot_do_more_than_its_maker(
    visitor: AsyncClient, headers: dict[str, str], scopes: list[str]
) -> None:
    body = {"name": "more", "scopes": scopes}

    response = await visitor.post("/api-keys", json=body, headers=headers)

    assert response.status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"scopes": []}, 422),
        ({"name": ""}, 422),
        ({"prefix": "x"}, 422),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 400),
    ],
)
async def test_invalid_key_is_refused(
    visitor: AsyncClient, headers: dict[str, str], body: dict[str, object], status: int
) -> None:
    body = {"name": "import", "scopes": ["items:read"]} | body

    assert (await visitor.post("/api-keys", json=body, headers=headers)).status_code == status


async def test_first_use_is_noted_and_later_ones_now_and_then(
    visitor: AsyncClient, database: Database, headers: dict[str, str]
) -> None:
    made = await make_key(visitor, headers)
    for _ in range(2):
        await status(visitor, made["key"])
    async with database.write.begin() as session:
        first = (await session.scalars(select(ApiKey.last_used_at))).one()
        await session.execute(update(ApiKey).values(last_used_at=now() - timedelta(minutes=2)))

    await status(visitor, made["key"])

    async with database.read.begin() as session:
        used = (await session.scalars(select(ApiKey.last_used_at))).one()
        noted = select(func.count()).where(AuditEvent.name == "key.used")
        assert await session.scalar(noted) == 1
    assert first is not None
    assert used is not None
    assert used > first
