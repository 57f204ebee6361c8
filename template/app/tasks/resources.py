"""What is open as long as the service, or a worker, runs."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, closing

from fastapi import FastAPI

from app.core.cache import NO_CACHE
from app.core.concurrency import background
from app.core.database.engine import open_database
from app.core.events import NOBODY
from app.tasks.beat import beat
from app.tasks.broker import Broker
from app.tasks.carriers import Here
from app.tasks.relay import Relay
from app.tasks.runner import Runner
from app.tasks.settings import TaskSettings


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[dict[str, Relay | Runner]]:
    """Send tasks while the service runs; without a broker, also run them, and be the beat."""
    settings = TaskSettings.load()
    async with AsyncExitStack() as stack:
        # Connections of its own: requests that use up the others do not hold up tasks.
        database = await stack.enter_async_context(open_database())
        # What features before this one have opened.
        events, cache = getattr(app.state, "events", NOBODY), getattr(app.state, "cache", NO_CACHE)
        runner = Runner(database, settings, events=events, cache=cache)
        carrier: Broker | Here
        if settings.has_broker:
            carrier = stack.enter_context(closing(Broker(settings)))
        else:
            carrier = Here(runner.run)
            for work in (beat(database), carrier.work()):
                await stack.enter_async_context(background(work))
        relay = Relay(database, carrier, settings)
        await stack.enter_async_context(background(relay.run()))
        yield {"relay": relay, "runner": runner}
