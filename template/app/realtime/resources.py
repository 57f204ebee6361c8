"""What is open as long as the service runs, or a command."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from app.core.redis import open_redis
from app.realtime.hub import Hub, new_stream
from app.realtime.settings import BLOCK, RealtimeSettings


@asynccontextmanager
async def open_hub() -> AsyncGenerator[Hub]:
    """Open a hub: over Redis where REDIS_URL is set, else for this process alone."""
    hub = Hub(RealtimeSettings.load())
    async with open_redis(timeout=2 * BLOCK) as reading, open_redis(timeout=2) as writing:
        if reading is None or writing is None:
            hub.begin(new_stream())
            yield hub
            return
        # Imported late: the package redis may be missing where REDIS_URL is not set.
        from app.realtime.redis import connect  # noqa: PLC0415

        async with connect(hub, reading, writing):
            yield hub
