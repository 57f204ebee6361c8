"""A cached function."""

import inspect
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Concatenate, ParamSpec, TypeVar

from pydantic import BaseModel, SecretStr
from pydantic_core import to_json

from app.core.cache import Cache

MASKED = str(SecretStr("secret"))

P = ParamSpec("P")
M = TypeVar("M", bound=BaseModel)


def cached(
    model: type[M], *, seconds: float = 60, tags: tuple[str, ...] = ()
) -> Callable[[Callable[P, Awaitable[M]]], Callable[Concatenate[Cache, P], Awaitable[M]]]:
    """Keep what a function returns for each set of arguments; it is called with the cache first.

    Args:
        tags: may contain arguments: "rates:{currency}".

    The arguments must have a form in JSON, such as strings, numbers, UUIDs and models; a call with
    a secret among them is a `TypeError`.
    """

    def decorate(
        function: Callable[P, Awaitable[M]],
    ) -> Callable[Concatenate[Cache, P], Awaitable[M]]:
        signature = inspect.signature(function)

        @wraps(function)
        async def read(cache: Cache, /, *args: P.args, **kwargs: P.kwargs) -> M:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            arguments = to_json(bound.arguments).decode()
            if MASKED in arguments:
                raise TypeError("In a key all secrets look alike: pass what this one stands for.")
            return await cache.get(
                model,
                f"{function.__module__}.{function.__qualname__}:{arguments}",
                partial(function, *args, **kwargs),
                seconds=seconds,
                tags=tuple(tag.format_map(bound.arguments) for tag in tags),
            )

        return read

    return decorate
