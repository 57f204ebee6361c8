import asyncio

from httpx2 import AsyncClient

from app.auth.models import User
from app.auth_jwt.accounts import RESET, VERIFY, link_token, state
from app.core.database.engine import open_database
from app.core.database.settings import DatabaseSettings
from app.features import FEATURES
from tests.auth.people import make_user
from tests.support import Start


def test_link_is_bound_to_what_it_changes() -> None:
    user = User(email="ada@example.com", hashed_password="one", is_verified=False)
    verify, reset = state(VERIFY, user), state(RESET, user)

    user.hashed_password = "two"
    assert state(RESET, user) != reset
    assert state(VERIFY, user) == verify

    user.email = "other@example.com"
    assert state(VERIFY, user) != verify


async def test_of_two_who_use_a_link_at_once_one_is_late(
    start: Start, migrated_database: str
) -> None:
    settings = {"DATABASE_URL": migrated_database, "RATELIMIT_ENABLED": "false"}
    async with start(*FEATURES, anonymous=True, **settings) as client:
        async with open_database(DatabaseSettings.load()) as database:
            token = link_token(RESET, await make_user(database, "ada@example.com"))

        answers = await asyncio.gather(
            *(reset(client, token, f"another good one {number}") for number in range(4))
        )

    assert sorted(answers) == [204, 400, 400, 400]


async def reset(client: AsyncClient, token: str, password: str) -> int:
    body = {"token": token, "password": password}
    return (await client.post("/auth/reset-password", json=body)).status_code
