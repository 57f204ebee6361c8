"""Making an account, confirming an address, getting and changing a password."""

import pytest
from httpx2 import AsyncClient

from app.auth.models import User
from app.auth.settings import AuthSettings
from app.core.database.engine import Database
from app.core.settings import forget_all
from tests.auth.people import (
    PASSWORD,
    Mailbox,
    ask_token,
    bearer,
    change_user,
    find_user,
    log_in,
    make_user,
    status_with,
)
from tests.support import begin_of_window

NEW = "new@example.com"
OTHER_PASSWORD = "another good one"


async def register(client: AsyncClient, email: str, **more: object) -> int:
    body = {"email": email, "password": PASSWORD, **more}
    return (await client.post("/auth/register", json=body)).status_code


async def post(client: AsyncClient, path: str, **body: str) -> int:
    return (await client.post(f"/auth/{path}", json=body)).status_code


async def test_account_is_made_confirmed_and_used(
    visitor: AsyncClient, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH_REQUIRE_VERIFIED", "true")
    forget_all()
    assert await register(visitor, "New@Example.com") == 202
    assert (await ask_token(visitor, NEW)).status_code == 400

    token = mailbox.token(NEW, "verify")
    body = {"token": token, "password": PASSWORD}
    verified = await visitor.post("/auth/verify", json=body)

    assert verified.json()["is_verified"] is True
    assert verified.json()["roles"] == ["user"]
    assert await status_with(visitor, await log_in(visitor, NEW)) == 200
    # The link was good once.
    assert await post(visitor, "verify", **body) == 400


async def test_account_that_somebody_else_made_is_not_confirmed_but_taken_over(
    visitor: AsyncClient, database: Database, mailbox: Mailbox
) -> None:
    await register(visitor, NEW)
    of_somebody_else = await log_in(visitor, NEW)
    token = mailbox.token(NEW, "verify")

    refused = await visitor.post("/auth/verify", json={"token": token, "password": OTHER_PASSWORD})
    found = await find_user(database, NEW)
    assert found is not None
    assert not found.is_verified
    await post(visitor, "forgot-password", email=NEW)
    link = mailbox.token(NEW, "reset-password")
    assert await post(visitor, "reset-password", token=link, password=OTHER_PASSWORD) == 204

    assert refused.json()["type"] == "urn:problem:wrong-password"
    assert await status_with(visitor, of_somebody_else) == 401
    assert (await ask_token(visitor, NEW)).status_code == 400
    tokens = await log_in(visitor, NEW, password=OTHER_PASSWORD)
    me = await visitor.get("/users/me", headers=bearer(tokens))
    assert me.json()["is_verified"] is True


@pytest.mark.parametrize(
    "more",
    [{"is_superuser": True}, {"roles": ["admin"]}, {"is_verified": True}, {"id": "x"}],
    ids=str,
)
async def test_nobody_can_make_more_of_themselves(
    visitor: AsyncClient, database: Database, mailbox: Mailbox, more: dict[str, object]
) -> None:
    assert await register(visitor, NEW, **more) == 422
    assert await find_user(database, NEW) is None
    assert mailbox.mails == []


async def test_registration_does_not_tell_who_has_an_account(
    visitor: AsyncClient, database: Database, mailbox: Mailbox, ada: User
) -> None:
    known = await visitor.post("/auth/register", json={"email": ada.email, "password": PASSWORD})
    other = await visitor.post("/auth/register", json={"email": NEW, "password": PASSWORD})

    assert (known.status_code, known.content) == (other.status_code, other.content)
    assert [mail.subject.partition(": ")[2] for mail in mailbox.mails] == [
        "you have an account already",
        "confirm your address",
    ]
    unchanged = await find_user(database, ada.email)
    assert unchanged is not None
    assert unchanged.hashed_password == ada.hashed_password


@pytest.mark.parametrize("path", ["forgot-password", "request-verify-token"])
async def test_asking_for_a_mail_does_not_tell_who_has_an_account(
    visitor: AsyncClient, database: Database, mailbox: Mailbox, path: str
) -> None:
    await make_user(database, "waits@example.com", is_verified=False)
    await make_user(database, "locked@example.com", is_verified=False, is_active=False)

    for email in ("waits@example.com", "locked@example.com", NEW):
        assert await post(visitor, path, email=email) == 202

    assert [mail.to for mail in mailbox.mails] == ["waits@example.com"]


async def test_registration_can_be_closed(
    visitor: AsyncClient, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH_REGISTRATION", "false")
    forget_all()

    assert await register(visitor, NEW) == 404
    assert mailbox.mails == []


async def test_forgotten_password_is_replaced_once(
    visitor: AsyncClient, database: Database, mailbox: Mailbox, ada: User
) -> None:
    before = await log_in(visitor, ada.email)
    await post(visitor, "forgot-password", email=ada.email)
    await post(visitor, "forgot-password", email=ada.email)
    older, token = [mail.text.partition("#token=")[2].split()[0] for mail in mailbox.mails]

    assert await post(visitor, "reset-password", token=token, password=OTHER_PASSWORD) == 204

    assert (await ask_token(visitor, ada.email)).status_code == 400
    assert (await ask_token(visitor, ada.email, OTHER_PASSWORD)).status_code == 200
    assert await status_with(visitor, before) == 401
    for used in (token, older):
        assert await post(visitor, "reset-password", token=used, password=PASSWORD) == 400
    assert mailbox.mails[-1].subject.endswith("your password was changed")
    assert await find_user(database, ada.email) is not None


async def test_link_for_one_thing_does_not_do_another(
    visitor: AsyncClient, database: Database, mailbox: Mailbox
) -> None:
    await make_user(database, NEW, is_verified=False)
    await post(visitor, "request-verify-token", email=NEW)
    verify = mailbox.token(NEW, "verify")
    await post(visitor, "forgot-password", email=NEW)
    reset = mailbox.token(NEW, "reset-password")

    assert await post(visitor, "reset-password", token=verify, password=OTHER_PASSWORD) == 400
    assert await post(visitor, "verify", token=reset, password=PASSWORD) == 400


@pytest.mark.parametrize("path", ["verify", "reset-password"])
async def test_links_of_locked_accounts_are_dead(
    visitor: AsyncClient, database: Database, mailbox: Mailbox, path: str
) -> None:
    await make_user(database, NEW, is_verified=False)
    asked = "request-verify-token" if path == "verify" else "forgot-password"
    await post(visitor, asked, email=NEW)
    token = mailbox.token(NEW, path)

    await change_user(database, NEW, is_active=False)

    assert await post(visitor, path, token=token, password=PASSWORD) == 400


async def test_links_outlive_a_new_key(
    visitor: AsyncClient, mailbox: Mailbox, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post(visitor, "forgot-password", email=ada.email)
    token = mailbox.token(ada.email, "reset-password")

    old = AuthSettings.load().secrets[0].get_secret_value()
    monkeypatch.setenv("AUTH_SECRETS", f"{'n' * 40},{old}")
    forget_all()

    assert await post(visitor, "reset-password", token=token, password=OTHER_PASSWORD) == 204


async def test_address_with_another_alphabet_works_as_typed(
    visitor: AsyncClient, mailbox: Mailbox
) -> None:
    typed, stored = "eva@bücher.example.com", "eva@xn--bcher-kva.example.com"

    await register(visitor, typed)

    assert mailbox.token(stored, "verify")
    for spelling in (typed, stored):
        me = await visitor.get("/users/me", headers=bearer(await log_in(visitor, spelling)))
        assert me.json()["email"] == stored


@pytest.mark.parametrize("token", ["", "nonsense", "e30.e30.e30"])
async def test_invented_links_are_refused(visitor: AsyncClient, token: str) -> None:
    for path in ("verify", "reset-password"):
        assert await post(visitor, path, token=token, password=PASSWORD) == 400


async def test_changed_password_ends_the_other_log_ins(
    visitor: AsyncClient, mailbox: Mailbox, ada: User
) -> None:
    here, there = [await log_in(visitor, ada.email) for _ in range(2)]
    body = {"current_password": "wrong", "password": OTHER_PASSWORD}

    refused = await visitor.post("/auth/change-password", json=body, headers=bearer(here))
    body["current_password"] = PASSWORD
    changed = await visitor.post("/auth/change-password", json=body, headers=bearer(here))

    assert (refused.status_code, changed.status_code) == (400, 204)
    assert [await status_with(visitor, tokens) for tokens in (here, there)] == [200, 401]
    assert (await ask_token(visitor, ada.email, OTHER_PASSWORD)).status_code == 200
    assert len(mailbox.mails) == 1


async def test_guesses_at_the_current_password_are_slowed_down(
    visitor: AsyncClient, ada: User
) -> None:
    await begin_of_window()
    headers = bearer(await log_in(visitor, ada.email))
    body = {"current_password": "wrong", "password": OTHER_PASSWORD}

    answers = [
        (await visitor.post("/auth/change-password", json=body, headers=headers)).status_code
        for _ in range(11)
    ]

    assert answers == [400] * 10 + [429]


async def test_nobody_is_flooded_with_mail(visitor: AsyncClient, mailbox: Mailbox) -> None:
    await begin_of_window()
    answers = [await post(visitor, "forgot-password", email=NEW) for _ in range(6)]

    assert answers == [202] * 5 + [429]
    # Whoever uses up one kind of them, keeps nobody from another.
    assert await post(visitor, "request-verify-token", email=NEW) == 202
    assert mailbox.mails == []


@pytest.mark.parametrize(
    "password", ["short", "x" * 129, "", 12345678901, None], ids=lambda value: str(value)[:9]
)
async def test_unfit_password_is_refused_and_not_repeated(
    visitor: AsyncClient, password: object
) -> None:
    response = await visitor.post("/auth/register", json={"email": NEW, "password": password})

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/password"
    assert not password or str(password) not in response.text
