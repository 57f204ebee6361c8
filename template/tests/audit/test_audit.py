import json
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.auth.models import User
from app.core.database.engine import Database
from tests.auth.people import ask_token, bearer, log_in, make_user, renew


@pytest.fixture
async def headers(visitor: AsyncClient, database: Database) -> dict[str, str]:
    root = await make_user(database, "root@example.com", admin=True)
    return bearer(await log_in(visitor, root.email))


async def names(client: AsyncClient, headers: dict[str, str], user: User) -> list[str]:
    query = {"subject_id": str(user.id), "sort": "created_at"}
    response = await client.get("/audit-events", params=query, headers=headers)
    return [event["name"] for event in response.json()["items"]]


async def find(client: AsyncClient, headers: dict[str, str], name: str) -> dict[str, Any]:
    response = await client.get("/audit-events", params={"name": name}, headers=headers)
    (event,) = response.json()["items"]
    found: dict[str, Any] = event
    return found


async def test_the_life_of_a_log_in_is_written_down(
    visitor: AsyncClient, database: Database, headers: dict[str, str]
) -> None:
    ada = await make_user(database, "ada@example.com")

    await ask_token(visitor, ada.email, "wrong")
    tokens = await log_in(visitor, ada.email)
    await renew(visitor, tokens["refresh_token"])
    await renew(visitor, tokens["refresh_token"])
    await visitor.patch(f"/users/{ada.id}", json={"is_active": False}, headers=headers)

    assert await names(visitor, headers, ada) == [
        "login",
        "logout",
        "refresh.reused",
        "user.changed",
    ]
    changed = await find(visitor, headers, "user.changed")
    assert changed["details"] == {"is_active": False}
    assert changed["actor_id"] != changed["subject_id"] == str(ada.id)


async def test_event_tells_where_it_came_from(
    visitor: AsyncClient, headers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    visitor.headers["User-Agent"] = "curl/8 \x07" + "x" * 500
    answer = await ask_token(visitor, "nobody@example.com", "wrong")

    event = await find(visitor, headers, "login.failed")

    assert event["request_id"] == answer.headers["x-request-id"]
    assert event["address"] == "127.0.0.1"
    assert event["user_agent"] == "curl/8 ?" + "x" * 192
    assert event["actor_id"] is None
    assert "nobody" not in json.dumps(event)
    assert "login.failed" in capsys.readouterr().out


async def test_stolen_token_that_is_sent_again_and_again_is_told_once(
    visitor: AsyncClient, headers: dict[str, str]
) -> None:
    stolen = (await log_in(visitor, "root@example.com"))["refresh_token"]
    for _ in range(4):
        await renew(visitor, stolen)

    events = (await visitor.get("/audit-events", headers=headers)).json()["items"]
    assert [event["name"] for event in events].count("refresh.reused") == 1


async def test_events_come_in_pages_newest_first(
    visitor: AsyncClient, headers: dict[str, str]
) -> None:
    for _ in range(3):
        await ask_token(visitor, "nobody@example.com", "wrong")

    query = {"limit": "2", "created_after": "2026-01-01T00:00:00Z"}
    first = (await visitor.get("/audit-events", params=query, headers=headers)).json()
    query["cursor"] = first["next_cursor"]
    second = (await visitor.get("/audit-events", params=query, headers=headers)).json()

    found = first["items"] + second["items"]
    assert [event["name"] for event in found] == ["login.failed"] * 3 + ["login"]
    assert [event["created_at"] for event in found] == sorted(
        (event["created_at"] for event in found), reverse=True
    )


async def test_events_are_only_ever_added(
    visitor: AsyncClient, database: Database, headers: dict[str, str]
) -> None:
    assert headers
    async with database.write.begin() as session:
        event = (await session.scalars(select(AuditEvent))).one()
        event.name = "nothing happened"
        with pytest.raises(TypeError, match="only ever added"):
            await session.flush()
        session.expunge(event)
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        response = await visitor.request(method, "/audit-events", headers=headers)
        assert response.status_code == 405
