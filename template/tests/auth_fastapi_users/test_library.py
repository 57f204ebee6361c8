"""What is special about accounts that FastAPI-Users keeps; `tests/auth` holds for all."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any, cast

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends
from httpx2 import AsyncClient
from httpx_oauth.oauth2 import BaseOAuth2, OAuth2Token
from sqlalchemy import select

from app.auth.models import User
from app.auth_fastapi_users.accounts import LibraryAccounts
from app.auth_fastapi_users.backends import bearer_backend, cookie_backend, fastapi_users
from app.auth_fastapi_users.models import OAuthAccount
from app.core.database.engine import open_database
from app.core.database.settings import DatabaseSettings
from app.core.feature import Feature
from app.core.settings import forget_all
from app.features import FEATURES
from app.mail.mailer import Post
from tests.auth.people import (
    PASSWORD,
    Mailbox,
    ask_token,
    bearer,
    browser,
    log_in,
    make_user,
    status_with,
)
from tests.support import Start


class Elsewhere(BaseOAuth2[Any]):
    """A provider that knows everybody who has a code."""

    def __init__(self) -> None:
        site = "https://id.example.com"
        super().__init__("client", "secret", f"{site}/authorize", f"{site}/token", name="elsewhere")

    async def get_access_token(self, code: str, *_: Any, **__: Any) -> OAuth2Token:  # noqa: ANN401
        return OAuth2Token({"access_token": f"token of {code}", "expires_in": 60})

    async def get_id_email(self, token: str) -> tuple[str, str | None]:
        code = token.removeprefix("token of ")
        return code, f"{code}@example.com"


def routes() -> APIRouter:
    router = APIRouter()
    for prefix, backend in (("/elsewhere", bearer_backend), ("/browser", cookie_backend)):
        router.include_router(
            cast("Any", fastapi_users).get_oauth_router(
                Elsewhere(), backend, "s" * 40, csrf_token_cookie_secure=False
            ),
            prefix=prefix,
        )
        router.include_router(fastapi_users.get_auth_router(backend), prefix=prefix)

    both = asyncio.Barrier(2)

    @router.get("/together")
    async def wait_for_another(
        _: Annotated[User, Depends(fastapi_users.current_user(active=True))],
    ) -> None:
        async with asyncio.timeout(5):
            await both.wait()

    @router.get("/whoami")
    async def who_am_i(
        user: Annotated[User, Depends(fastapi_users.current_user(active=True))],
    ) -> str:
        return user.email

    return router


@pytest.fixture
async def live(migrated_database: str, start: Start) -> AsyncGenerator[AsyncClient]:
    settings = {"DATABASE_URL": migrated_database, "RATELIMIT_ENABLED": "false"}
    providers = Feature(name="providers", router=routes())
    async with start(*FEATURES, providers, anonymous=True, **settings) as client:
        yield client


async def call_back(client: AsyncClient, code: str, prefix: str = "/elsewhere") -> Any:  # noqa: ANN401
    """Follow the way of a browser to the provider and back."""
    answer = await client.get(f"{prefix}/authorize")
    url = answer.json()["authorization_url"]
    state = dict(pair.split("=") for pair in url.partition("?")[2].split("&"))["state"]
    # Its own: several ways may be open at once.
    cookies = [f"{name}={value}" for name, value in answer.cookies.items()]
    return await client.get(
        f"{prefix}/callback",
        params={"code": code, "state": state},
        headers={"Cookie": "; ".join(cookies)},
    )


async def test_log_in_elsewhere_is_a_log_in_like_others(live: AsyncClient) -> None:
    first, tokens = [(await call_back(live, "ada")).json() for _ in range(2)]

    assert await status_with(live, first) == await status_with(live, tokens) == 200
    assert tokens["refresh_token"]
    me = (await live.get("/users/me", headers=bearer(tokens))).json()
    assert (me["email"], me["roles"]) == ("ada@example.com", ["user"])
    async with open_database(DatabaseSettings.load()) as database, database.read() as session:
        (account,) = (await session.scalars(select(OAuthAccount))).all()
        assert "token of" not in str(vars(account))


async def test_people_log_in_elsewhere_at_once(live: AsyncClient) -> None:
    """It is a GET, and yet it writes: SQLite has to be told."""
    people = [f"user{number}" for number in range(5)]
    for _ in ("new", "known"):
        answers = await asyncio.gather(*(call_back(live, name) for name in people))
        assert [answer.status_code for answer in answers] == [200] * 5


async def test_account_that_logs_in_elsewhere_can_be_deleted(live: AsyncClient) -> None:
    async with open_database(DatabaseSettings.load()) as database:
        await make_user(database, "root@example.com", admin=True)
    tokens = (await call_back(live, "ada")).json()
    me = (await live.get("/users/me", headers=bearer(tokens))).json()

    root = await log_in(live, "root@example.com")
    deleted = await live.delete(f"/users/{me['id']}", headers=bearer(root))

    assert deleted.status_code == 204
    assert await status_with(live, tokens) == 401


async def test_requests_of_one_person_do_not_wait_for_each_other(live: AsyncClient) -> None:
    headers = bearer((await call_back(live, "ada")).json())
    answers = await asyncio.gather(*(live.get("/together", headers=headers) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_account_made_elsewhere_has_no_password(live: AsyncClient) -> None:
    await call_back(live, "ada")

    for guess in ("", PASSWORD):
        assert (await ask_token(live, "ada@example.com", guess)).status_code == 400


async def test_account_is_not_taken_over_by_its_address(live: AsyncClient) -> None:
    async with open_database(DatabaseSettings.load()) as database:
        await make_user(database, "ada@example.com")

    assert (await call_back(live, "ada")).status_code == 400


async def test_address_from_elsewhere_is_spelt_as_all_others(live: AsyncClient) -> None:
    tokens = (await call_back(live, "Ada")).json()

    me = (await live.get("/users/me", headers=bearer(tokens))).json()
    assert me["email"] == "ada@example.com"


@pytest.mark.parametrize(
    ("variable", "value", "status"),
    [("AUTH_REGISTRATION", "false", 404), ("AUTH_REQUIRE_VERIFIED", "true", 400)],
)
async def test_settings_hold_for_log_ins_elsewhere(
    live: AsyncClient, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, status: int
) -> None:
    monkeypatch.setenv(variable, value)
    forget_all()

    assert (await call_back(live, "ada")).status_code == status


async def test_reset_unlinks_what_somebody_else_may_have_linked(live: AsyncClient) -> None:
    await call_back(live, "ada")
    mailbox = Mailbox()
    async with (
        open_database(DatabaseSettings.load()) as database,
        database.write.begin() as session,
    ):
        manager = LibraryAccounts(session, database, Post(BackgroundTasks(), mailbox)).manager
        await manager.forgot_password(await manager.get_by_email("ada@example.com"))
        token = mailbox.token("ada@example.com", "reset-password")
        await manager.reset_password(token, PASSWORD)

    assert (await call_back(live, "ada")).status_code == 400
    assert (await ask_token(live, "ada@example.com")).status_code == 200


async def test_log_in_elsewhere_can_set_the_cookie(live: AsyncClient) -> None:
    response = await call_back(live, "ada", "/browser")

    assert response.status_code == 204
    assert (await live.get("/whoami")).json() == "ada@example.com"
    live.headers["Origin"] = "http://test"
    assert (await live.post("/browser/logout")).status_code == 204
    assert (await live.get("/whoami")).status_code == 401


async def test_routes_of_the_library_know_our_log_ins(live: AsyncClient) -> None:
    async with open_database(DatabaseSettings.load()) as database:
        await make_user(database, "ada@example.com")
    assert (await live.get("/whoami")).status_code == 401
    async with browser(live, "ada@example.com"):
        assert (await live.get("/whoami")).status_code == 200

    tokens = await log_in(live, "ada@example.com")
    assert (await live.get("/whoami", headers=bearer(tokens))).json() == "ada@example.com"
    assert (await live.get("/whoami", headers={"Authorization": "Bearer x"})).status_code == 401
    limited = await log_in(live, "ada@example.com", scope="items:read")
    assert (await live.get("/whoami", headers=bearer(limited))).status_code == 401
    assert (await live.post("/elsewhere/logout", headers=bearer(tokens))).status_code == 204
    assert await status_with(live, tokens) == 401


async def test_log_in_route_of_the_library_answers_as_ours(live: AsyncClient) -> None:
    async with open_database(DatabaseSettings.load()) as database:
        await make_user(database, "ada@example.com")

    form = {"username": "ada@example.com", "password": PASSWORD}
    answer = (await live.post("/elsewhere/login", data=form)).json()

    assert {"access_token", "refresh_token", "expires_in"} <= set(answer)
    assert await status_with(live, answer) == 200
