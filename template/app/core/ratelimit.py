"""Rate limits, as dependencies of the routes that ask for one."""

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from time import monotonic, time
from typing import Annotated, Any, ClassVar, Literal

import structlog
from fastapi import Request, Response
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from limits.util import WindowStats
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from starlette.requests import HTTPConnection

from app.core.dependencies import opened
from app.core.identity import CurrentPrincipal, Principal
from app.core.problems import AppError, Unavailable
from app.core.redis import RedisSettings, redis_at
from app.core.requests import client_network
from app.core.settings import Settings

RETRY_STORE_AFTER = 5.0  # seconds
STORE_ERRORS = (OSError, StorageError)
log = structlog.get_logger()


class RateLimitSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="RATELIMIT_")

    enabled: bool = True
    url: str | None = Field(
        default=None,
        repr=False,
        description="memory:// counts in each process; unset: in REDIS_URL, where that is set.",
    )
    when_down: Literal["local", "deny"] = Field(
        default="local", description="While Redis is away: count in each process, or answer 503."
    )


class TooManyRequests(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.TOO_MANY_REQUESTS


class Limiter:
    """Counts hits in a store that all processes share, or in this one while that is away."""

    def __init__(self, store: Storage, settings: RateLimitSettings) -> None:
        self.settings = settings
        self.shared = SlidingWindowCounterRateLimiter(store)
        self.local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self.down_until = 0.0

    async def hit(self, limit: RateLimitItem, *key: str) -> tuple[bool, WindowStats]:
        """Count one hit; return whether it is allowed, and what is left.

        Raises:
            Unavailable: the store does not answer and the policy is "deny".
        """
        if monotonic() >= self.down_until:
            try:
                return await self._hit(self.shared, limit, *key)
            except STORE_ERRORS as error:
                # Not asked again for a while, so that a store that hangs slows few requests.
                self.down_until = monotonic() + RETRY_STORE_AFTER
                log.warning(
                    "rate limit store is down", policy=self.settings.when_down, reason=str(error)
                )
        if self.settings.when_down == "deny":
            raise Unavailable("Requests cannot be counted just now.")
        return await self._hit(self.local, limit, *key)

    async def forget(self, limit: RateLimitItem, *key: str) -> None:
        with suppress(*STORE_ERRORS):
            await self.shared.clear(limit, *key)
        await self.local.clear(limit, *key)

    async def _hit(
        self, counter: SlidingWindowCounterRateLimiter, limit: RateLimitItem, *key: str
    ) -> tuple[bool, WindowStats]:
        allowed = await counter.hit(limit, *key)
        return allowed, await counter.get_window_stats(limit, *key)


@asynccontextmanager
async def open_limiter() -> AsyncGenerator[Limiter]:
    settings = RateLimitSettings.load()
    url = settings.url or RedisSettings.load().url or "memory://"
    if url.startswith("memory://"):
        yield Limiter(MemoryStorage(), settings)
        return
    variable = settings.variable("url") if settings.url else "REDIS_URL"
    async with redis_at(url, variable, timeout=0.5) as client:
        pool: Any = client.connection_pool
        store = RedisStorage(
            "async+redis://", implementation="redispy", connection_pool=pool, wrap_exceptions=True
        )
        yield Limiter(store, settings)


CurrentLimiter = Annotated[Limiter, opened("limiter")]


class RateLimit:
    """A limit for each principal, or for each address where nobody is logged in.

    `Depends(RateLimit("items:write", "60/minute"))` on a route or router; routes that name the
    same limit share its count.
    """

    def __init__(self, name: str, rate: str) -> None:
        self.name = name
        self.limit = parse(rate)

    async def __call__(
        self,
        request: Request,
        response: Response,
        principal: CurrentPrincipal,
        limiter: CurrentLimiter,
    ) -> None:
        """Count the request and tell the client where it stands."""
        response.headers.update(await self.count(limiter, caller(request, principal)))

    async def count(self, limiter: Limiter, key: str) -> dict[str, str]:
        """Count a hit for whatever the key names; return the headers that tell how many are left.

        Raises:
            TooManyRequests: with `Retry-After`, in whole seconds.
        """
        if not limiter.settings.enabled:
            return {}
        allowed, stats = await limiter.hit(self.limit, self.name, key)
        headers = self.headers(stats)
        if not allowed:
            wait = str(self.seconds_left(stats))
            raise TooManyRequests(
                f"At most {self.limit}. Try again in {wait} s.",
                headers={**headers, "Retry-After": wait},
            )
        return headers

    async def forget(self, limiter: Limiter, key: str) -> None:
        """Start the count of whatever the key names again at nothing."""
        await limiter.forget(self.limit, self.name, key)

    def headers(self, stats: WindowStats) -> dict[str, str]:
        """Follow draft-ietf-httpapi-ratelimit-headers, sections 3 and 4."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.limit.amount};w={self.limit.get_expiry()}',
            "RateLimit": f'"{self.name}";r={stats.remaining};t={self.seconds_left(stats)}',
        }

    @staticmethod
    def seconds_left(stats: WindowStats) -> int:
        return max(1, math.ceil(stats.reset_time - time()))


def caller(connection: HTTPConnection, principal: Principal) -> str:
    """Name whoever is asking: a principal, or an address where nobody is logged in."""
    if not principal.is_anonymous:
        return f"principal:{principal.id}"
    return f"address:{client_network(connection)}"
