"""Tasks to try things with, and what enqueues and runs them."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import update

from app.core.database.engine import Database
from app.core.database.models import now
from app.core.problems import AppError, Unavailable
from app.tasks.declarations import KINDS, TaskContext, TaskKind, task
from app.tasks.models import Task
from app.tasks.outbox import Outbox
from app.tasks.relay import Relay
from app.tasks.runner import Runner
from app.tasks.settings import TaskSettings


class Number(BaseModel):
    value: int


class Refused(AppError):
    pass


class Away(Unavailable):
    def __init__(self) -> None:
        super().__init__("The other service is away.")


def declare_tasks() -> None:
    runs.clear()
    released.clear()
    task("double", queue="numbers")(double)
    task("refuse")(refuse)
    task("stumble", max_attempts=3)(stumble)
    task("break", max_attempts=2)(break_down)
    task("dawdle", max_attempts=1, time_limit=0.05)(dawdle)
    task("hold", max_attempts=2)(hold)


runs: list[TaskContext] = []
"""Every attempt there was."""

released = asyncio.Event()
"""Set by a test: what is held may end."""


async def double(context: TaskContext, number: Number) -> Number:
    runs.append(context)
    return Number(value=2 * number.value)


async def refuse(context: TaskContext, number: Number) -> None:
    runs.append(context)
    raise Refused(f"{number.value} is too many.")


async def stumble(context: TaskContext, number: Number) -> None:
    """Succeed at the attempt that the argument names."""
    runs.append(context)
    if context.attempt < number.value:
        raise Away


async def break_down(context: TaskContext, number: Number) -> None:
    runs.append(context)
    raise LookupError(f"the secret is {number.value}")


async def dawdle(context: TaskContext, number: Number) -> None:
    runs.append(context)
    await asyncio.sleep(number.value)


async def hold(context: TaskContext, number: Number) -> None:
    """The first time, take so many seconds or until it is `released`; and none after that."""
    runs.append(context)
    if context.attempt == 1:
        with suppress(TimeoutError):
            await asyncio.wait_for(released.wait(), number.value)


class Recorder:
    """A carrier that only takes down what it is given, or refuses while it is `down`."""

    def __init__(self) -> None:
        self.sent: list[Task] = []
        self.down = False

    async def send(self, tasks: Sequence[Task]) -> None:
        if self.down:
            raise ConnectionRefusedError
        self.sent += tasks


class Work:
    def __init__(self, database: Database) -> None:
        settings = TaskSettings.load()
        self.database = database
        self.carrier = Recorder()
        self.relay = Relay(database, self.carrier, settings)
        self.runner = Runner(database, settings)

    async def enqueue(
        self,
        name: str,
        value: int = 1,
        *,
        key: str | None = None,
        delay: timedelta = timedelta(),
    ) -> Task:
        kind: TaskKind[Number] = KINDS[name]
        async with self.database.transaction() as session:
            outbox = Outbox(session, "somebody")
            return await outbox.add(kind, Number(value=value), key=key, delay=delay)

    async def run(self, task_id: UUID) -> Task:
        """Do what a worker does when it gets a message."""
        await self.runner.run(task_id)
        return await self.read(task_id)

    async def read(self, task_id: UUID) -> Task:
        async with self.database.read.begin() as session:
            return await session.get_one(Task, task_id)

    async def change(self, task_id: UUID, **values: object) -> None:
        async with self.database.transaction() as session:
            await session.execute(update(Task).where(Task.id == task_id).values(**values))

    async def wait_until(self, task_id: UUID, done: Callable[[Task], bool]) -> Task:
        async with asyncio.timeout(10):
            while True:
                task = await self.read(task_id)
                if done(task):
                    return task
                await asyncio.sleep(0.02)


def past() -> object:
    return now() - timedelta(seconds=1)
