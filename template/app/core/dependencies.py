"""Dependencies that are made in place, and those that a lifespan has opened.

FastAPI calls whatever is not `async` in a thread, also the maker of a small object. That takes
longer than making it, and has to wait as soon as other work keeps all threads busy.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from fastapi.params import Depends
from starlette.requests import HTTPConnection

P = ParamSpec("P")
T = TypeVar("T")


def inline(make: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return a dependency that makes the same without a thread: `Depends(inline(ItemService))`."""

    @wraps(make, updated=())
    async def made(*args: P.args, **kwargs: P.kwargs) -> T:
        return make(*args, **kwargs)

    return made


def opened(name: str, without: object = None) -> Depends:
    """Give what a lifespan has opened under a name: `Annotated[Database, opened("database")]`.

    Args:
        without: what to give where no feature has opened it.
    """

    async def get(connection: HTTPConnection) -> object:
        return getattr(connection.state, name, without)

    return Depends(get)
