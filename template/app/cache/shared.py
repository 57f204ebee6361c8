"""Values kept in Redis, for all processes. While it is away, it is done without."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import TypeVar, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError

from app.cache.entry import EVERYTHING, named
from app.cache.metrics import FAILURES
from app.cache.store import new_version
from app.core.concurrency import background

TIMEOUT = 0.5
"""Seconds that an answer of Redis is waited for."""
RETRY_AFTER = 5.0
"""Seconds that Redis is left alone after a failure, so that one that hangs slows few requests."""
LOCK_SECONDS = 3.0
POLL = 0.02
"""Seconds between two looks at whether another process has finished."""
TAG_SECONDS = 7 * 86_400
CONNECTIONS = 16
MAX_MISSED = 1000
UNLOCK = 'if redis.call("get", KEYS[1]) == ARGV[1] then redis.call("del", KEYS[1]) end'

T = TypeVar("T")
F = TypeVar("F")
log = structlog.get_logger()


class RedisStore:
    """Keeps what `Store` promises over Redis."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.everything = named(EVERYTHING)
        self.connections = asyncio.Semaphore(CONNECTIONS)
        self.down_until = 0.0
        # Tags that are forgotten here, and not yet in Redis. Each call has marks of its own.
        self.missed: dict[str, object] = {}
        self.version_while_away = new_version()

    async def get(self, key: str, *tags: str) -> tuple[bytes | None, bytes]:
        async def get() -> tuple[bytes | None, bytes]:
            data, *versions = cast("list[bytes | None]", await self.redis.mget(key, *tags))
            found = [version for version in versions if version is not None]
            if len(found) < len(tags):
                data, found = None, await self._claim(*tags)
            return data, b",".join(found)

        return await self._ask(get, (None, self.version_while_away))

    async def set(self, key: str, value: bytes, seconds: float) -> None:
        life = max(1, round(seconds * 1000))
        await self._ask(lambda: self.redis.set(key, value, px=life), None)

    async def forget(self, *tags: str) -> None:
        # Noted before it is tried: a request that is cancelled meanwhile has changed data, too.
        if len(self.missed) + len(tags) > MAX_MISSED:
            self.missed, tags = {}, (self.everything,)
        self.missed.update(dict.fromkeys(tags, object()))
        self.version_while_away = new_version()
        await self._ask(self._catch_up, None)

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncGenerator[None]:
        lock, token = f"{key}:lock", new_version()
        life, end = round(LOCK_SECONDS * 1000), monotonic() + LOCK_SECONDS
        while not await self._ask(lambda: self.redis.set(lock, token, nx=True, px=life), True):
            if monotonic() > end:
                break
            await asyncio.sleep(POLL)
        try:
            yield
        finally:
            await self._ask(lambda: self.redis.eval(UNLOCK, 1, lock, token), None)

    async def _ask(self, call: Callable[[], Awaitable[T]], otherwise: F) -> T | F:
        async with self.connections:
            if monotonic() < self.down_until:
                return otherwise
            try:
                async with asyncio.timeout(TIMEOUT):
                    await self._catch_up()
                    return await call()
            # More than RedisError: a server that dies in the middle shows in many ways.
            except Exception as error:  # noqa: BLE001
                FAILURES.inc()
                if monotonic() >= self.down_until:  # the first of those that were under way
                    log.warning("cache store is down", reason=str(error) or type(error).__name__)
                self.down_until = monotonic() + RETRY_AFTER
                return otherwise

    async def _claim(self, *tags: str) -> list[bytes]:
        async with self.redis.pipeline(transaction=False) as commands:
            for tag in tags:
                life = None if tag == self.everything else TAG_SECONDS
                commands.set(tag, new_version(), nx=True, ex=life)
            commands.mget(tags)
            found: list[bytes | None] = (await commands.execute())[-1]
            # One that was forgotten between the two commands fits nothing.
            return [version or new_version() for version in found]

    async def _catch_up(self) -> None:
        """Forget in Redis what is forgotten here, before anything in it is believed."""
        missed = dict(self.missed)
        if missed:
            await self.redis.delete(*missed)
            self.missed = dict(self.missed.items() - missed.items())

    async def keep_trying(self) -> None:
        """Other processes may have found Redis again, and wait for what we have changed."""
        while True:
            await asyncio.sleep(RETRY_AFTER / 5)
            if self.missed:
                await self._ask(self._catch_up, None)


@asynccontextmanager
async def open_store(redis: Redis) -> AsyncGenerator[RedisStore]:
    # Once more for a connection that was lost meanwhile, and at once: others can do without.
    retry = Retry(NoBackoff(), 1)
    retry.update_supported_errors([ReadOnlyError])  # as `open_redis` does
    redis.set_retry(retry)
    store = RedisStore(redis)
    async with background(store.keep_trying(), again=0.1):
        yield store
