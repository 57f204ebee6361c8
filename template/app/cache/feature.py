from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from app.cache.service import open_cache
from app.core.cache import Cache
from app.core.feature import Feature


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[dict[str, Cache]]:
    async with open_cache() as cache:
        app.state.cache = cache  # for what is no request
        yield {"cache": cache}


feature = Feature(name="cache", router=APIRouter(lifespan=lifespan))
