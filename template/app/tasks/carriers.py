"""How a task gets to where it is run: over a broker, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol
from uuid import UUID

import structlog

from app.tasks.models import Task

AT_ONCE = 4

log = structlog.get_logger()

Run = Callable[[UUID], Awaitable[None]]


class Carrier(Protocol):
    async def send(self, tasks: Sequence[Task]) -> None:
        """Hand tasks over. After an error, any of them may have been taken or not."""
        ...


class Here:
    """Runs tasks in this process, a few at once: while developing no broker is needed."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._waiting: asyncio.Queue[UUID] = asyncio.Queue()

    async def send(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            self._waiting.put_nowait(task.id)

    async def work(self) -> None:
        """Run them until cancelled: what runs then is begun anew by whoever runs tasks next."""
        turn = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            while True:
                task_id = await self._waiting.get()
                await turn.acquire()
                running = group.create_task(self._try(task_id))
                running.add_done_callback(lambda _: turn.release())

    async def _try(self, task_id: UUID) -> None:
        try:
            await self._run(task_id)
        except Exception:
            # It is sent again, as after a worker that died.
            log.exception("task not run", task_id=str(task_id))
