"""The Redis server that processes share, where there is one: any that speaks its protocol."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from app.core.settings import Settings, StartupError

if TYPE_CHECKING:
    from redis.asyncio import Redis


class RedisSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="REDIS_")

    url: str | None = Field(
        default=None,
        repr=False,
        description="redis://host:6379/0 is shared; unset, each process is by itself.",
    )


@asynccontextmanager
async def open_redis(*, timeout: float) -> AsyncGenerator[Redis | None]:  # noqa: ASYNC109
    """Make a client for REDIS_URL, or None without one; see `redis_at`."""
    url = RedisSettings.load().url
    if url is None:
        yield None
        return
    async with redis_at(url, "REDIS_URL", timeout=timeout) as client:
        yield client


def redis_at(url: str, variable: str, *, timeout: float) -> Redis:
    """Make a client for the URL that a variable names; nothing connects yet.

    Args:
        timeout: seconds that an answer may take, before redis raises its `TimeoutError`.

    Raises:
        StartupError: the URL or the package cannot be used.
    """
    try:
        # Imported late: it takes half a second, and most projects that have no Redis lack it.
        package: Any = import_module("redis.asyncio")
        backoff, retry = import_module("redis.backoff"), import_module("redis.asyncio.retry")
        client: Redis = package.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            # Who may not write any more has handed over to another server: connect again.
            retry=retry.Retry(backoff.NoBackoff(), 1, (package.ReadOnlyError,)),
        )
    except ModuleNotFoundError as error:
        raise StartupError(f"{variable} needs the package redis: add it.") from error
    except ValueError:  # what it says may have the password in it
        raise StartupError(
            f"{variable} cannot be used: it is like redis://host:6379/0; "
            "in a password, / is %2F, # is %23 and @ is %40."
        ) from None
    return client
