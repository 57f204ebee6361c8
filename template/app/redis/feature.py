from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from fastapi import APIRouter, FastAPI

from app.core.feature import Feature
from app.core.redis import RedisSettings
from app.core.settings import AppSettings
from app.redis.development import development_redis

log = structlog.get_logger()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Warn where it matters. One process without Redis works, so it is not refused."""
    if RedisSettings.load().url is None and AppSettings.load().environment.deployed:
        log.warning("REDIS_URL is not set: right for one process, each of several is by itself")
    yield


feature = Feature(name="redis", router=APIRouter(lifespan=lifespan), development=development_redis)
