import sys
from traceback import format_exception

import pytest

from app.core.ratelimit import open_limiter
from app.core.redis import open_redis
from app.core.settings import StartupError, forget_all


async def test_without_a_url_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    forget_all()

    async with open_redis(timeout=1) as client:
        assert client is None


@pytest.mark.parametrize("url", ["nonsense://here", "redis://:hunter/2@here:6379/0"])
async def test_unusable_url_is_refused_and_not_told(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    forget_all()

    for opened in (open_redis(timeout=1), open_limiter()):
        with pytest.raises(StartupError, match="REDIS_URL cannot be used") as caught:
            async with opened:
                pass
        assert "hunter" not in "".join(format_exception(caught.value))


async def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://localhost")
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    forget_all()

    with pytest.raises(StartupError, match="needs the package redis"):
        async with open_redis(timeout=1):
            pass
