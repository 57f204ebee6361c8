"""What can be done in the background: functions, declared where the feature is that needs them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar, get_type_hints
from uuid import UUID

from pydantic import BaseModel

from app.core.cache import Cache
from app.core.database.engine import Database
from app.core.events import Events
from app.core.identity import Principal

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class TaskContext:
    """What a task's function gets besides its arguments.

    Args:
        principal: whose task it is, without roles: what they may was checked when it was enqueued.
        attempt: 1 the first time.
        events: tells whoever listens; publish once it is committed.
        cache: to forget what has changed.
    """

    database: Database
    task_id: UUID
    principal: Principal
    attempt: int
    events: Events
    cache: Cache


Function = Callable[[TaskContext, M], Awaitable[BaseModel | None]]


class NoArguments(BaseModel):
    """For tasks that need none."""


@dataclass(frozen=True)
class TaskKind(Generic[M]):
    """A declared task. Called, it is the function."""

    name: str
    function: Function[M]
    arguments: type[M]
    queue: str
    max_attempts: int
    time_limit: float
    every: timedelta | None

    async def __call__(self, context: TaskContext, arguments: M) -> BaseModel | None:
        return await self.function(context, arguments)


KINDS: dict[str, TaskKind[Any]] = {}
"""All that are declared, by name: importing `app.features` fills it."""


def task(
    name: str,
    *,
    queue: str = "default",
    max_attempts: int = 5,
    time_limit: float = 300,
    every: timedelta | None = None,
) -> Callable[[Function[M]], TaskKind[M]]:
    """Declare `async def function(context, arguments)`, whose arguments are a Pydantic model.

    What it returns, a model or None, is the result. It may be run more than once, such as after a
    worker was lost: give it effects that can be repeated.

    Args:
        name: stored with each task; one that was enqueued before a rename is not found after it.
        queue: workers can be told which ones to take from.
        max_attempts: after so many it is dead. An `AppError` with a status below 500 is final.
        time_limit: seconds that one attempt may take.
        every: `app tasks beat` enqueues it at each multiple of this since 1970, in UTC; then its
            arguments must have defaults.
    """

    def declare(function: Function[M]) -> TaskKind[M]:
        if name in KINDS:
            raise ValueError(f"There is a task {name} already.")
        hints = get_type_hints(function)
        hints.pop("return", None)
        _, arguments = hints.values()
        kind = TaskKind(name, function, arguments, queue, max_attempts, time_limit, every)
        KINDS[name] = kind
        return kind

    return declare
