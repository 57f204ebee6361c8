"""What is open as long as the service, or a worker, runs."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import FastAPI

from app.core.cache import NO_CACHE
from app.core.database.engine import Database, open_database
from app.core.database.settings import DatabaseSettings
from app.core.events import NOBODY
from app.tasks.beat import beat
from app.tasks.broker import Broker
from app.tasks.carriers import Here
from app.tasks.relay import Relay
from app.tasks.runner import Runner
from app.tasks.settings import TaskSettings


class State(TypedDict):
    relay: Relay
    runner: Runner


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[State]:
    """Send tasks while the service runs; without a broker, also run them, and be the beat."""
    settings = TaskSettings.load()
    # Connections of its own: requests that use up the others do not hold up tasks.
    async with open_database(DatabaseSettings.load()) as database:
        # What features before this one have opened.
        events, cache = getattr(app.state, "events", NOBODY), getattr(app.state, "cache", NO_CACHE)
        runner = Runner(database, settings, events=events, cache=cache)
        opened = with_broker if settings.has_broker else without_broker
        async with opened(database, runner, settings) as relay, background(relay.run()):
            yield {"relay": relay, "runner": runner}


@asynccontextmanager
async def with_broker(
    database: Database, _: Runner, settings: TaskSettings
) -> AsyncGenerator[Relay]:
    broker = Broker(settings)
    try:
        yield Relay(database, broker, settings)
    finally:
        broker.close()


@asynccontextmanager
async def without_broker(
    database: Database, runner: Runner, settings: TaskSettings
) -> AsyncGenerator[Relay]:
    here = Here(runner.run)
    try:
        async with background(beat(database)):
            yield Relay(database, here, settings)
    finally:
        await here.close()


@asynccontextmanager
async def background(work: Coroutine[None, None, None]) -> AsyncGenerator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
