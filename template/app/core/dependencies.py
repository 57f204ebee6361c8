"""Dependencies that are made in place.

FastAPI calls whatever is not `async` in a thread, also the maker of a small object. That takes
longer than making it, and has to wait as soon as other work keeps all threads busy.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def inline(make: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return a dependency that makes the same without a thread: `Depends(inline(ItemService))`."""

    @wraps(make, updated=())
    async def made(*args: P.args, **kwargs: P.kwargs) -> T:
        return make(*args, **kwargs)

    return made
