"""People with accounts, for the tests of log-ins."""

import re
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select, update

from app.auth import passwords
from app.auth.models import User
from app.auth.passwords import hash_password
from app.core.database.engine import Database
from app.core.identity import ADMIN, USER
from app.mail.mailer import Mail

PASSWORD = "correct horse battery"


@dataclass
class Mailbox:
    """A mailer that keeps what it sends."""

    mails: list[Mail] = field(default_factory=list[Mail])

    async def send(self, mail: Mail) -> None:
        self.mails.append(mail)

    def token(self, to: str, page: str) -> str:
        """Return the token of the newest link to a page."""
        found = [
            match[1]
            for mail in self.mails
            if mail.to == to and (match := re.search(rf"/{page}#token=(\S+)", mail.text))
        ]
        assert found, f"no mail to {to} has a link to {page}"
        return found[-1]


async def make_user(database: Database, email: str, *, admin: bool = False, **facts: Any) -> User:  # noqa: ANN401
    roles = [ADMIN, USER] if admin else [USER]
    values = {"is_verified": True, "hashed_password": await password_hash(), **facts}
    async with database.write.begin() as session:
        user = User(email=email, roles=roles, **values)
        session.add(user)
    return user


_hashes: dict[PasswordHash, str] = {}


async def password_hash() -> str:
    hasher = passwords.hasher()
    if hasher not in _hashes:
        _hashes[hasher] = await hash_password(PASSWORD)
    return _hashes[hasher]


QUICK = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])


@pytest.fixture(autouse=True)
def quick_hashes() -> Generator[None]:
    """The same hashes at less cost, for tests that are not about that: `test_passwords.py` is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hasher", lambda: QUICK)
        passwords.decoy.cache_clear()
        yield
    passwords.decoy.cache_clear()


async def change_user(database: Database, email: str, **values: object) -> None:
    async with database.write.begin() as session:
        await session.execute(update(User).where(User.email == email).values(**values))


async def find_user(database: Database, email: str) -> User | None:
    async with database.read.begin() as session:
        user: User | None = await session.scalar(select(User).where(User.email == email))
    return user


async def ask_token(
    client: AsyncClient, email: str, password: str = PASSWORD, **more: str
) -> Response:
    form = {"grant_type": "password", "username": email, "password": password, **more}
    return await client.post("/auth/token", data=form)


async def renew(client: AsyncClient, refresh_token: str, **more: str) -> Response:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **more}
    return await client.post("/auth/token", data=form)


async def log_in(client: AsyncClient, email: str, **more: str) -> dict[str, Any]:
    response = await ask_token(client, email, **more)
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def status_with(client: AsyncClient, tokens: dict[str, Any]) -> int:
    return (await client.get("/users/me", headers=bearer(tokens))).status_code


@asynccontextmanager
async def browser(client: AsyncClient, email: str) -> AsyncGenerator[AsyncClient]:
    """The client as a page of this site in a browser that is logged in by cookie."""
    client.headers["Origin"] = "http://test"
    response = await client.post("/auth/cookie", json={"email": email, "password": PASSWORD})
    assert response.status_code == 204, response.text
    yield client
    client.cookies.clear()
    client.headers.pop("Origin", None)
