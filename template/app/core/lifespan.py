"""What is open as long as the service runs; a feature's own resources come after, in its router."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.core.database.engine import open_database
from app.core.http import open_http
from app.core.ratelimit import open_limiter


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[dict[str, object]]:
    """Open in this order and close in reverse, also when one of them fails to open.

    Each is found again in `request.state`, and by the dependency beside its maker.
    """
    async with (
        open_database() as database,
        open_http() as http,
        open_limiter() as limiter,
    ):
        yield {"database": database, "http": http, "limiter": limiter}
