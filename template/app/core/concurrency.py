"""Several calls at once, work beside a block, and work that would block the event loop."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import to_process

P = ParamSpec("P")
T = TypeVar("T")


async def gather_limited(
    calls: Iterable[Callable[[], Awaitable[T]]], *, limit: int = 10
) -> list[T]:
    """Make the calls, at most `limit` at a time, and return their results in the given order.

    The first call that fails cancels the others and its error is raised, in an exception group.
    """
    slots = asyncio.Semaphore(limit)

    async def run(call: Callable[[], Awaitable[T]]) -> T:
        async with slots:
            return await call()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(call)) for call in calls]
    return [task.result() for task in tasks]


@asynccontextmanager
async def background(
    work: Coroutine[None, None, None], *, again: float | None = None
) -> AsyncGenerator[None]:
    """Let something run beside a block, and end with it.

    Args:
        again: seconds after which to cancel it once more: the client of Redis loses a cancellation
            that comes with an answer. All else may finish what it does then, such as putting
            something back.
    """
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=again)


async def run_cpu_bound(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function in another process, one for each core at most; the loop stays free.

    The function, its arguments and its result must be picklable. When the caller is cancelled,
    the process is ended.
    """
    return await to_process.run_sync(partial(function, *args, **kwargs), cancellable=True)
