from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from pwdlib.hashers.argon2 import Argon2Hasher

from app.auth import throttle
from app.auth.accounts import Accounts
from app.auth.models import User
from app.core.database.engine import Database
from app.core.ratelimit import RateLimit
from app.core.settings import forget_all
from tests.auth.people import (
    PASSWORD,
    ask_token,
    bearer,
    change_user,
    find_user,
    log_in,
    make_user,
    renew,
    status_with,
)
from tests.support import begin_of_window


async def test_right_password_opens_what_needs_a_log_in(visitor: AsyncClient, ada: User) -> None:
    assert (await visitor.get("/items")).status_code == 401

    tokens = await log_in(visitor, ada.email)

    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 600
    assert (await visitor.get("/items", headers=bearer(tokens))).status_code == 200
    me = (await visitor.get("/users/me", headers=bearer(tokens))).json()
    assert me["email"] == ada.email
    assert "password" not in str(me)


async def test_answer_is_not_kept_by_caches(visitor: AsyncClient, ada: User) -> None:
    response = await ask_token(visitor, ada.email)

    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("email", ["ADA@example.com", " ada@Example.COM "])
async def test_address_is_known_in_any_spelling(
    visitor: AsyncClient, ada: User, email: str
) -> None:
    assert await status_with(visitor, await log_in(visitor, email)) == 200
    assert ada.email == "ada@example.com"


@pytest.mark.parametrize("state", ["locked", "not verified", "no account", "wrong password"])
async def test_every_refusal_is_the_same(
    visitor: AsyncClient,
    database: Database,
    ada: User,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
) -> None:
    monkeypatch.setenv("AUTH_REQUIRE_VERIFIED", "true")
    forget_all()
    await change_user(
        database, ada.email, is_active=state != "locked", is_verified=state != "not verified"
    )
    email = "nobody@example.com" if state == "no account" else ada.email

    response = await ask_token(visitor, email, "wrong" if state == "wrong password" else PASSWORD)

    assert response.status_code == 400
    problem = response.json()
    assert problem["error"] == "invalid_grant"
    assert problem["detail"] == "The e-mail address or the password is wrong."


async def test_log_in_can_be_for_less(visitor: AsyncClient, ada: User) -> None:
    tokens = await log_in(visitor, ada.email, scope="items:read")
    headers = bearer(tokens)

    assert tokens["scope"] == "items:read"
    assert (await visitor.get("/items", headers=headers)).status_code == 200
    refused = await visitor.post("/items", json={"name": "x"}, headers=headers)
    assert refused.status_code == 403
    assert "items:write" in refused.json()["detail"]
    # With the right to see or end what others may do, or to make keys, it would be for more.
    for path in ("/auth/sessions", "/auth/logout-everywhere"):
        method = "GET" if path.endswith("sessions") else "POST"
        assert (await visitor.request(method, path, headers=headers)).status_code == 403
    more = await renew(visitor, tokens["refresh_token"], scope="items:read items:write")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")
    renewed = (await renew(visitor, tokens["refresh_token"], scope="items:read")).json()
    assert renewed["scope"] == "items:read"
    assert (await visitor.post("/auth/logout", headers=headers)).status_code == 204


async def test_password_that_was_right_a_moment_ago_opens_nothing(
    visitor: AsyncClient, app: FastAPI, database: Database, ada: User
) -> None:
    """To check it takes a while, in which the owner may replace it, and end all log-ins."""
    make = app.state.lifespan["make_accounts"]

    def make_slow(*parts: Any) -> Accounts:  # noqa: ANN401
        accounts: Accounts = make(*parts)
        check = accounts.authenticate

        async def authenticate(email: str, password: str) -> User | None:
            user = await check(email, password)
            await change_user(database, ada.email, hashed_password="replaced")
            return user

        accounts.authenticate = authenticate  # type: ignore[method-assign]
        return accounts

    app.state.lifespan["make_accounts"] = make_slow
    late = await ask_token(visitor, ada.email)

    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")


async def test_password_that_is_no_text_tells_nothing(visitor: AsyncClient, ada: User) -> None:
    answers = [
        await visitor.post(
            "/auth/cookie",
            content=f'{{"email": "{email}", "password": "\\ud800"}}',
            headers={"Origin": "http://test", "Content-Type": "application/json"},
        )
        for email in (ada.email, "nobody@example.com")
    ]

    assert [answer.status_code for answer in answers] == [422, 422]


async def test_unknown_scope_is_refused(visitor: AsyncClient, ada: User) -> None:
    response = await ask_token(visitor, ada.email, scope="items:read everything")

    assert response.status_code == 400
    assert response.json()["error"] == "invalid_scope"


async def test_locked_account_is_out_at_once(
    visitor: AsyncClient, database: Database, ada: User
) -> None:
    tokens = await log_in(visitor, ada.email)

    await change_user(database, ada.email, is_active=False)

    assert await status_with(visitor, tokens) == 401
    assert (await renew(visitor, tokens["refresh_token"])).status_code == 400


async def test_owners_see_their_own_items(visitor: AsyncClient, database: Database) -> None:
    people = [await make_user(database, f"{name}@example.com") for name in ("eve", "bob")]
    eve, bob = [bearer(await log_in(visitor, person.email)) for person in people]

    path = (await visitor.post("/items", json={"name": "mine"}, headers=eve)).headers["location"]

    assert (await visitor.get(path, headers=eve)).status_code == 200
    for method in ("GET", "DELETE"):
        assert (await visitor.request(method, path, headers=bob)).status_code == 404


async def test_guesses_are_slowed_down_and_the_owner_gets_in(
    visitor: AsyncClient, ada: User
) -> None:
    await begin_of_window()
    answers = [await ask_token(visitor, ada.email, "wrong") for _ in range(11)]

    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) <= 15 * 60
    # Even the right password waits now, from this address; for others nothing has changed.
    assert (await ask_token(visitor, ada.email)).status_code == 429
    assert (await ask_token(visitor, "bob@example.com", "wrong")).status_code == 400


async def test_guesses_at_many_accounts_are_slowed_down_too(visitor: AsyncClient) -> None:
    await begin_of_window()
    people = [f"user{number}@example.com" for number in range(31)]

    answers = [(await ask_token(visitor, email, "wrong")).status_code for email in people]

    assert answers == [400] * 30 + [429]


async def test_guesses_from_many_places_are_slowed_down_too(
    visitor: AsyncClient, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PER_ACCOUNT", RateLimit("everywhere", "2/hour"))
    await begin_of_window()

    answers = [(await ask_token(visitor, ada.email, "wrong")).status_code for _ in range(3)]

    assert answers == [400, 400, 429]


async def test_right_password_forgets_the_wrong_ones(visitor: AsyncClient, ada: User) -> None:
    for _ in range(2):
        for _ in range(9):
            await ask_token(visitor, ada.email, "wrong")
        assert (await ask_token(visitor, ada.email)).status_code == 200


@pytest.mark.parametrize("email", ["", "a\x00b", "x" * 255, "a@b@c"])
async def test_strange_address_is_no_error_of_ours(visitor: AsyncClient, email: str) -> None:
    assert (await ask_token(visitor, email)).status_code == 400


async def test_over_long_password_is_not_hashed(visitor: AsyncClient, ada: User) -> None:
    assert (await ask_token(visitor, ada.email, "x" * 500)).status_code == 400
    too_long = await ask_token(visitor, ada.email, "x" * 5000)
    assert too_long.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("form", "error", "sentence"),
    [
        ({}, "invalid_request", "grant_type: Field required"),
        ({"grant_type": "magic"}, "unsupported_grant_type", "grant_type: password or"),
        ({"grant_type": "refresh_token"}, "invalid_grant", ""),
        ({"grant_type": "password"}, "invalid_grant", ""),
    ],
)
async def test_clients_of_oauth_learn_what_they_did_wrong(
    visitor: AsyncClient, form: dict[str, str], error: str, sentence: str
) -> None:
    answer = await visitor.post("/auth/token", data=form)

    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.json()["error_description"].startswith(sentence)


async def test_weaker_hash_is_renewed_at_the_log_in(
    visitor: AsyncClient, database: Database
) -> None:
    weak = Argon2Hasher(time_cost=1, memory_cost=32, parallelism=1).hash(PASSWORD)
    ada = await make_user(database, "ada@example.com", hashed_password=weak)

    await log_in(visitor, ada.email)

    renewed = await find_user(database, ada.email)
    assert renewed is not None
    assert renewed.hashed_password not in ("", weak)
    await log_in(visitor, ada.email)
