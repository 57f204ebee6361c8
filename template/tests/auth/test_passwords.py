"""What a password costs to check, on purpose."""

import asyncio

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from app.auth import passwords
from app.auth.passwords import TooManyLogIns, hash_password, threads, verify_password
from app.core.settings import forget_all
from tests.auth.people import PASSWORD, password_hash


@pytest.fixture(autouse=True)
def quick_hashes() -> None:
    """Not here: these tests are about the cost."""


async def test_password_is_kept_as_argon2() -> None:
    first, second = await hash_password(PASSWORD), await hash_password(PASSWORD)

    assert first.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert first != second
    assert await verify_password(PASSWORD, first) == (True, None)
    assert (await verify_password("wrong", first))[0] is False


async def test_weaker_hash_is_renewed() -> None:
    weak = Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)

    right, renewed = await verify_password(PASSWORD, weak)

    assert right
    assert renewed is not None
    assert (await verify_password(PASSWORD, renewed))[0]


@pytest.mark.parametrize("stored", [None, "", "no hash", "0" * 64])
async def test_no_password_opens_an_account_without_one(stored: str | None) -> None:
    assert (await verify_password(stored or "", stored))[0] is False


async def test_over_long_password_is_wrong() -> None:
    assert (await verify_password("x" * 129, await password_hash()))[0] is False


async def test_flood_is_refused_and_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_HASHING_THREADS", "1")
    monkeypatch.setattr(passwords, "QUEUE_PER_THREAD", 5)
    forget_all()
    threads.cache_clear()
    try:
        stored = await password_hash()
        results = await asyncio.gather(
            *(verify_password("wrong", stored) for _ in range(10)), return_exceptions=True
        )
    finally:
        threads.cache_clear()

    refused = [result for result in results if isinstance(result, TooManyLogIns)]
    assert len(refused) == 10 - 1 - 5
