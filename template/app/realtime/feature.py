from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from app.core.feature import Feature
from app.realtime.commands import commands
from app.realtime.hub import Hub
from app.realtime.resources import open_hub
from app.realtime.stop import on_stop


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[dict[str, Hub]]:
    async with open_hub() as hub:
        app.state.events = hub  # for what is no request
        with on_stop(hub.stop):
            yield {"events": hub}


feature = Feature(name="realtime", router=APIRouter(lifespan=lifespan), commands=commands)
