import sys

import pytest

from app.core.redis import open_redis
from app.core.settings import StartupError, forget_all


async def test_without_a_url_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    forget_all()

    async with open_redis(timeout=1) as client:
        assert client is None


async def test_unusable_url_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "nonsense://here")
    forget_all()

    with pytest.raises(StartupError, match="REDIS_URL cannot be used"):
        async with open_redis(timeout=1):
            pass


async def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://localhost")
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    forget_all()

    with pytest.raises(StartupError, match="needs the package redis"):
        async with open_redis(timeout=1):
            pass
