"""Neither logs nor answers nor the database hold what opens an account."""

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text

from app.auth.models import User
from app.core.database.engine import Database
from tests.auth.people import PASSWORD, ask_token, bearer, browser, log_in, renew

TABLES = ("user_account", "login_session", "login_session_token", "audit_event")


async def everything_stored(database: Database) -> str:
    async with database.read.begin() as session:
        rows = [(await session.execute(text(f"SELECT * FROM {table}"))).all() for table in TABLES]  # noqa: S608
    return str(rows)


async def test_nothing_that_opens_an_account_is_written_down(
    visitor: AsyncClient,
    database: Database,
    ada: User,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tokens = await log_in(visitor, ada.email)
    renewed = (await renew(visitor, tokens["refresh_token"])).json()
    await renew(visitor, tokens["refresh_token"])
    failed = await ask_token(visitor, "a password in the wrong field", "another secret")
    await visitor.get("/users/me", headers=bearer(renewed))
    async with browser(visitor, ada.email):
        cookie = visitor.cookies["session"]

    secrets = [PASSWORD, "another secret", "in the wrong field", cookie]
    for kind in ("access_token", "refresh_token"):
        secrets += [tokens[kind], renewed[kind]]
    written = capsys.readouterr().out + await everything_stored(database) + failed.text
    assert [secret for secret in secrets if secret in written] == []
    assert "login.failed" in written
