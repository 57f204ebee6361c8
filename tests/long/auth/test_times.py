"""Who has an account cannot be learnt from how long an answer takes."""

import asyncio
import time

import pytest
from httpx2 import AsyncClient

from app.auth.models import User
from app.core.http import trusted
from app.core.settings import forget_all
from app.features import FEATURES
from app.mail.mailer import Mail, get_mailer
from tests.auth.people import PASSWORD, ask_token
from tests.support import Serve


@pytest.fixture(autouse=True)
def quick_hashes() -> None:
    """Not here: these tests are about the cost."""


async def test_time_does_not_tell_who_has_an_account(
    visitor: AsyncClient, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATELIMIT_ENABLED", "false")
    forget_all()

    async def seconds(email: str) -> float:
        # Of this process, in all its threads: it waits for nothing but a processor.
        begin = time.process_time()
        assert (await ask_token(visitor, email, "wrong")).status_code == 400
        return time.process_time() - begin

    await seconds("new@example.com")  # the first one makes the decoy
    pairs = [(await seconds(ada.email), await seconds("new@example.com")) for _ in range(3)]

    with_account, without = quickest(pairs)
    # Hashing takes tens of milliseconds: leaving it out would be ten times as fast.
    assert 0.5 < with_account / without < 2


def quickest(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """What else the machine does makes some of them slower, and none quicker."""
    return min(first for first, _ in pairs), min(second for _, second in pairs)


SLOW = 1.0  # seconds: far more than any answer takes, also on a busy machine


class SlowMailer:
    async def send(self, mail: Mail) -> None:
        del mail
        await asyncio.sleep(SLOW)


async def test_time_does_not_tell_who_gets_which_mail(migrated_database: str, serve: Serve) -> None:
    assert migrated_database
    async with (
        serve(*FEATURES, RATELIMIT_ENABLED="false") as served,
        AsyncClient(base_url=served.url, verify=trusted()) as client,
    ):
        served.app.dependency_overrides[get_mailer] = SlowMailer

        async def seconds(path: str, email: str) -> float:
            facts = {"email": email} | ({"password": PASSWORD} if path == "register" else {})
            begin = time.perf_counter()
            assert (await client.post(f"/auth/{path}", json=facts)).status_code == 202
            return time.perf_counter() - begin

        ada = "ada@example.com"
        await seconds("register", ada)
        for path in ("register", "forgot-password", "request-verify-token"):
            await seconds(path, "bob@example.com")  # what a first one prepares is not counted
            new = [f"{number}@{path}.com" for number in range(5)]
            pairs = [(await seconds(path, ada), await seconds(path, email)) for email in new]

            with_account, without = quickest(pairs)
            assert max(with_account, without) < SLOW, "somebody waited for the mail"
            assert 0.4 < with_account / without < 2.5, path
