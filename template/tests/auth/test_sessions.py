import asyncio
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from sqlalchemy import update

from app.auth.models import Session, User
from app.core.database.engine import Database, open_database
from app.core.database.models import now
from app.core.database.settings import DatabaseSettings
from tests.auth.people import bearer, browser, log_in, make_user, renew, status_with


async def test_refresh_token_is_good_once(visitor: AsyncClient, ada: User) -> None:
    first = await log_in(visitor, ada.email)

    second = (await renew(visitor, first["refresh_token"])).json()

    assert second["refresh_token"] != first["refresh_token"]
    assert await status_with(visitor, second) == 200


async def test_used_refresh_token_ends_the_log_in(visitor: AsyncClient, ada: User) -> None:
    first = await log_in(visitor, ada.email)
    other = await log_in(visitor, ada.email)
    second = (await renew(visitor, first["refresh_token"])).json()

    again = await renew(visitor, first["refresh_token"])

    assert again.status_code == 400
    assert again.json()["error"] == "invalid_grant"
    # Whoever of the two is the thief has nothing any more; other log-ins are not concerned.
    assert (await renew(visitor, second["refresh_token"])).status_code == 400
    assert await status_with(visitor, second) == 401
    assert await status_with(visitor, other) == 200


async def test_of_eight_at_once_one_wins_and_then_nobody(live_visitor: AsyncClient) -> None:
    async with open_database(DatabaseSettings.load()) as database:
        await make_user(database, "ada@example.com")
    tokens = await log_in(live_visitor, "ada@example.com")

    answers = await asyncio.gather(
        *(renew(live_visitor, tokens["refresh_token"]) for _ in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    winner = next(answer.json() for answer in answers if answer.status_code == 200)
    assert await status_with(live_visitor, winner) == 401
    assert (await renew(live_visitor, winner["refresh_token"])).status_code == 400


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 3000])
async def test_invented_refresh_token_is_refused(visitor: AsyncClient, token: str) -> None:
    assert (await renew(visitor, token)).status_code == 400


async def test_log_ins_are_listed_and_ended_one_by_one(visitor: AsyncClient, ada: User) -> None:
    visitor.headers["User-Agent"] = "Phone\x01"
    phone = await log_in(visitor, ada.email)
    visitor.headers["User-Agent"] = "Desk"
    desk = await log_in(visitor, ada.email)

    listed = (await visitor.get("/auth/sessions", headers=bearer(desk))).json()

    assert {one["user_agent"]: one["is_current"] for one in listed} == {
        "Phone?": False,
        "Desk": True,
    }
    lost = next(one["id"] for one in listed if not one["is_current"])
    path = f"/auth/sessions/{lost}"
    assert (await visitor.delete(path, headers=bearer(desk))).status_code == 204
    assert (await visitor.delete(path, headers=bearer(desk))).status_code == 404
    assert await status_with(visitor, phone) == 401
    assert await status_with(visitor, desk) == 200


async def test_log_in_of_somebody_else_cannot_be_ended(
    visitor: AsyncClient, database: Database, ada: User
) -> None:
    mine = await log_in(visitor, ada.email)
    session = (await visitor.get("/auth/sessions", headers=bearer(mine))).json()[0]["id"]
    eve = bearer(await log_in(visitor, (await make_user(database, "eve@example.com")).email))

    response = await visitor.delete(f"/auth/sessions/{session}", headers=eve)

    assert response.status_code == 404
    assert await status_with(visitor, mine) == 200


async def test_log_out_ends_this_one_or_all(visitor: AsyncClient, ada: User) -> None:
    one, two, three = [await log_in(visitor, ada.email) for _ in range(3)]

    assert (await visitor.post("/auth/logout", headers=bearer(one))).status_code == 204
    assert [await status_with(visitor, tokens) for tokens in (one, two, three)] == [401, 200, 200]

    assert (await visitor.post("/auth/logout-everywhere", headers=bearer(two))).status_code == 204
    assert [await status_with(visitor, tokens) for tokens in (two, three)] == [401, 401]


async def test_revoked_refresh_token_ends_its_log_in(visitor: AsyncClient, ada: User) -> None:
    tokens = await log_in(visitor, ada.email)

    for token in (tokens["refresh_token"], "unknown"):
        response = await visitor.post("/auth/revoke", data={"token": token})
        assert response.status_code == 200  # RFC 7009, section 2.2: also for unknown ones

    assert await status_with(visitor, tokens) == 401
    assert (await renew(visitor, tokens["refresh_token"])).status_code == 400


async def test_expired_log_in_is_over_and_forgotten(
    visitor: AsyncClient, database: Database, ada: User
) -> None:
    old = await log_in(visitor, ada.email)
    async with database.write.begin() as session:
        await session.execute(update(Session).values(expires_at=now() - timedelta(seconds=1)))

    assert await status_with(visitor, old) == 401
    assert (await renew(visitor, old["refresh_token"])).status_code == 400
    new = await log_in(visitor, ada.email)
    assert len((await visitor.get("/auth/sessions", headers=bearer(new))).json()) == 1


async def test_cookie_is_no_refresh_token_and_the_reverse(visitor: AsyncClient, ada: User) -> None:
    tokens = await log_in(visitor, ada.email)
    async with browser(visitor, ada.email):
        assert (await renew(visitor, visitor.cookies["session"])).status_code == 400
        assert (await visitor.get("/users/me")).status_code == 200

        visitor.cookies.set("session", tokens["refresh_token"], domain="test.local")
        visitor.cookies.clear()
        headers = {"Cookie": f"session={tokens['refresh_token']}"}
        assert (await visitor.get("/users/me", headers=headers)).status_code == 401
