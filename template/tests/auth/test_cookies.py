from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from sqlalchemy import update

from app.auth.models import Session, User
from app.core.database.engine import Database, open_database
from app.core.database.models import now
from app.core.database.settings import DatabaseSettings
from app.core.settings import forget_all
from app.features import FEATURES
from tests.auth.people import PASSWORD, browser, make_user
from tests.support import Start


async def test_scripts_and_other_sites_cannot_get_the_cookie(
    visitor: AsyncClient, ada: User
) -> None:
    response = await visitor.post(
        "/auth/cookie",
        json={"email": ada.email, "password": PASSWORD},
        headers={"Origin": "http://test"},
    )

    header = response.headers["set-cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(header.split("; "))
    assert (await visitor.get("/users/me")).status_code == 200


async def test_deployed_cookie_needs_tls_and_this_host(
    start: Start, migrated_database: str
) -> None:
    settings = {"APP_ENVIRONMENT": "production", "DATABASE_URL": migrated_database}
    async with start(*FEATURES, anonymous=True, **settings) as client:
        async with open_database(DatabaseSettings.load()) as database:
            await make_user(database, "ada@example.com")
        response = await client.post(
            "/auth/cookie",
            json={"email": "ada@example.com", "password": PASSWORD},
            headers={"Origin": "http://test"},
        )

    [name, *attributes] = response.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(attributes)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://test"}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "https://evil.example.com", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({}, 403),
    ],
    ids=str,
)
async def test_other_sites_cannot_use_the_cookie(
    visitor: AsyncClient, ada: User, headers: dict[str, str], status: int
) -> None:
    async with browser(visitor, ada.email):
        del visitor.headers["Origin"]

        response = await visitor.post("/items", json={"name": "x"}, headers=headers)

        assert response.status_code == status
        assert (await visitor.get("/items")).status_code == 200


async def test_named_origin_may_use_the_cookie(
    visitor: AsyncClient, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://app.example.com")
    monkeypatch.setenv("CORS_CREDENTIALS", "true")
    forget_all()
    async with browser(visitor, ada.email):
        headers = {"Origin": "https://app.example.com"}

        assert (
            await visitor.post("/items", json={"name": "x"}, headers=headers)
        ).status_code == 201


async def test_other_sites_cannot_log_somebody_in(visitor: AsyncClient, ada: User) -> None:
    response = await visitor.post(
        "/auth/cookie",
        json={"email": ada.email, "password": PASSWORD},
        headers={"Origin": "https://evil.example.com"},
    )

    assert response.status_code == 403
    assert "set-cookie" not in response.headers


async def test_cookie_that_was_planted_is_not_taken_over(visitor: AsyncClient, ada: User) -> None:
    visitor.cookies.set("session", "planted-by-somebody-else", domain="test.local")

    async with browser(visitor, ada.email):
        values = [cookie.value for cookie in visitor.cookies.jar if cookie.name == "session"]
        assert any(value != "planted-by-somebody-else" for value in values)
        stolen = {"Cookie": "session=planted-by-somebody-else"}
        visitor.cookies.clear()
        assert (await visitor.get("/users/me", headers=stolen)).status_code == 401


async def test_logged_out_cookie_counts_as_none(visitor: AsyncClient, ada: User) -> None:
    async with browser(visitor, ada.email):
        secret = visitor.cookies["session"]

        response = await visitor.post("/auth/logout")

        assert response.status_code == 204
        assert 'session=""' in response.headers["set-cookie"]
        stale = {"Cookie": f"session={secret}"}
        assert (await visitor.get("/users/me", headers=stale)).status_code == 401
        assert (await visitor.get("/health/live", headers=stale)).status_code == 200


async def test_use_is_noted_now_and_then(
    visitor: AsyncClient, database: Database, ada: User
) -> None:
    async with browser(visitor, ada.email):
        async with database.write.begin() as session:
            before = now() - timedelta(hours=1)
            await session.execute(update(Session).values(last_used_at=before))

        await visitor.get("/users/me")

        listed = (await visitor.get("/auth/sessions")).json()
        assert listed[0]["last_used_at"] > before.isoformat()
