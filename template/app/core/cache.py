"""Values worth keeping for a while. A cache feature keeps them; without one, each is made anew."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol, TypeVar

from pydantic import BaseModel

from app.core.dependencies import opened

M = TypeVar("M", bound=BaseModel)


class Cache(Protocol):
    """What a cache does; by itself it keeps nothing."""

    async def get(
        self,
        model: type[M],
        key: str,
        source: Callable[[], Awaitable[M]],
        *,
        seconds: float = 60,
        tags: tuple[str, ...] = (),
    ) -> M:
        """Return the value that is kept under a key, or what the source makes.

        Args:
            seconds: how long it may be kept.
            tags: with any of them it can be forgotten before.

        Errors of the source are raised, and not kept.
        """
        del model, key, seconds, tags
        return await source()

    async def forget(self, *tags: str) -> None:
        """Forget all values with one of the tags, in every process."""
        del tags


class NoCache(Cache):
    pass


NO_CACHE = NoCache()


CurrentCache = Annotated[Cache, opened("cache", NO_CACHE)]
