"""What is open as long as the service runs; a feature's own resources come after, in its router."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypedDict

import httpx2
from fastapi import FastAPI

from app.core.database.engine import Database, open_database
from app.core.database.settings import DatabaseSettings
from app.core.http import open_http
from app.core.ratelimit import Limiter, open_limiter


class State(TypedDict):
    """Found again as `request.state`; each has a dependency beside its maker."""

    database: Database
    http: httpx2.AsyncClient
    limiter: Limiter


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[State]:
    """Open in this order and close in reverse, also when one of them fails to open."""
    async with (
        open_database(DatabaseSettings.load()) as database,
        open_http() as http,
        open_limiter() as limiter,
    ):
        yield {"database": database, "http": http, "limiter": limiter}
