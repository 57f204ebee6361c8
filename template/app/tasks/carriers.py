"""How a task gets to where it is run: over a broker, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import structlog

AT_ONCE = 4

log = structlog.get_logger()

Run = Callable[[UUID], Awaitable[None]]


@dataclass(frozen=True)
class Message:
    """What a broker is told: which task to run. All else is in the database."""

    task_id: UUID
    name: str
    queue: str


class Carrier(Protocol):
    async def send(self, messages: Sequence[Message]) -> None:
        """Hand over messages. After an error, any of them may have been taken or not."""
        ...


class Here:
    """Runs tasks in this process, a few at once: while developing no broker is needed."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    async def send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            running = asyncio.create_task(self._in_turn(message.task_id))
            self._running.add(running)
            running.add_done_callback(self._running.discard)

    async def _in_turn(self, task_id: UUID) -> None:
        async with self._turn:
            try:
                await self._run(task_id)
            except Exception:
                # It is sent again, as after a worker that died.
                log.exception("task not run", task_id=str(task_id))

    async def close(self) -> None:
        """Stop what runs: it is begun anew by whoever runs tasks next."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
