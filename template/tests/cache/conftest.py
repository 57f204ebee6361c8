from collections.abc import AsyncGenerator

import pytest

from app.cache.service import open_cache
from app.core.cache import Cache
from app.core.settings import forget_all


@pytest.fixture(params=["memory", "redis"])
async def cache(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Cache]:
    """A cache of either kind, which must behave alike."""
    if request.param == "redis":
        monkeypatch.setenv("REDIS_URL", request.getfixturevalue("redis_url"))
    forget_all()
    async with open_cache() as cache:
        yield cache
