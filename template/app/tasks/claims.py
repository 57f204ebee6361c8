"""Who runs a task, for how long, and how it ends: each is one conditional UPDATE."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import stamina
import structlog
from sqlalchemy import and_, or_, update

from app.core.database.engine import Database
from app.core.database.errors import DatabaseUnavailable
from app.core.database.models import now
from app.tasks.declarations import KINDS
from app.tasks.models import Task, TaskState
from app.tasks.settings import TaskSettings

PATIENCE = 30.0  # seconds

log = structlog.get_logger()


class Claims:
    def __init__(self, database: Database, settings: TaskSettings) -> None:
        self._database = database
        self._lease = timedelta(seconds=settings.lease_seconds)

    # It waits for the database a while: a message that it lets go of comes again after minutes.
    @stamina.retry(on=DatabaseUnavailable, attempts=None, timeout=PATIENCE, wait_max=5)
    async def claim(self, task_id: UUID) -> Task | None:
        """Make a task ours, if it is nobody's: of several messages for it, one gets it."""
        moment = now()
        free = or_(
            Task.state == TaskState.SENT,
            and_(Task.state == TaskState.WAITING, Task.run_at <= moment),
            and_(Task.state == TaskState.RUNNING, Task.due_at < moment),
        )
        # One of a newer version, whose code we do not have, is soon sent to those who have it.
        known = Task.name.in_(KINDS)
        claimed = (
            update(Task)
            .where(Task.id == task_id, free, known)
            .values(
                state=TaskState.RUNNING,
                attempts=Task.attempts + 1,
                started_at=moment,
                due_at=moment + self._lease,
            )
            .returning(Task)
        )
        async with self._database.transaction() as session:
            task: Task | None = await session.scalar(claimed)
            if task is None:
                newer = update(Task).where(Task.id == task_id, Task.state == TaskState.SENT, ~known)
                await session.execute(newer.values(due_at=moment + self._lease))
        return task

    async def keep(self, task: Task) -> None:
        """Tell that we live, until cancelled: nobody else takes the task meanwhile."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                await self._change(task, due_at=now() + self._lease)
            except Exception as error:  # noqa: BLE001  (the task itself may still succeed)
                log.warning("lease not renewed", reason=repr(error))

    async def finish(
        self,
        task: Task,
        *,
        result: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> None:
        """Store how it ended; with an error it is a dead letter."""
        state = TaskState.DONE if error is None else TaskState.FAILED
        await self._settle(
            task, state=state, result=result, error=error, due_at=None, finished_at=now()
        )

    async def retry(self, task: Task, error: Mapping[str, Any], *, after: timedelta) -> None:
        run_at = now() + after
        await self._settle(task, state=TaskState.WAITING, error=error, run_at=run_at, due_at=run_at)

    async def _settle(self, task: Task, **values: object) -> None:
        # What was done should not be done again because the database was away for a moment. No
        # decorator: it would log the result.
        ours = False
        async for attempt in stamina.retry_context(
            on=DatabaseUnavailable, attempts=5, wait_initial=0.5
        ):
            with attempt:
                ours = await self._change(task, **values)
        if not ours:
            log.warning("outcome dropped: another worker has the task", task_id=str(task.id))

    async def _change(self, task: Task, **values: object) -> bool:
        # Whoever claims it after us does so at another time: what we still say counts no more.
        ours = update(Task).where(
            Task.id == task.id,
            Task.state == TaskState.RUNNING,
            Task.started_at == task.started_at,
        )
        async with self._database.transaction() as session:
            changed = await session.scalar(ours.values(**values).returning(Task.id))
        return changed is not None
