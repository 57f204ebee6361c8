"""Send tasks on their way. The table is the outbox: a row lives on, whatever becomes of a message.

Every process that serves, and every worker, has a relay; they share the work.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated

import structlog
from sqlalchemy import func, select, update

from app.core.database.engine import Database
from app.core.database.models import now
from app.core.dependencies import opened
from app.tasks.carriers import Carrier
from app.tasks.declarations import KINDS
from app.tasks.metrics import SENT, UNSENT
from app.tasks.models import Task, TaskState
from app.tasks.settings import TaskSettings

BATCH = 100

log = structlog.get_logger()


class Relay:
    def __init__(self, database: Database, carrier: Carrier, settings: TaskSettings) -> None:
        self._database = database
        self._carrier = carrier
        self._settings = settings
        self._nudged = asyncio.Event()

    async def nudge(self) -> None:
        """Have it look now."""
        self._nudged.set()

    async def run(self) -> None:
        """Send what is due until cancelled. What is away, it waits for."""
        while True:
            self._nudged.clear()
            try:
                wait = await self.send_due()
            except Exception as error:  # noqa: BLE001  (whatever it is, the tasks must go on)
                log.warning("tasks cannot be sent", reason=repr(error))
                # Not sooner for a nudge: each request would make it try again.
                await asyncio.sleep(self._settings.relay_seconds)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._nudged.wait()

    async def send_due(self) -> float:
        """Send what is due now, and return how many seconds to wait."""
        longest = self._settings.relay_seconds
        # First without a lock: mostly there is nothing to do.
        while (wait := await self._until_due(longest)) <= 0:
            tasks = await self._take()
            if not tasks:
                return longest  # another relay has them
            await self._send(tasks)
        return wait

    async def _until_due(self, longest: float) -> float:
        async with self._database.read.begin() as session:
            due_at: datetime | None = await session.scalar(select(func.min(Task.due_at)))
        if due_at is None:
            return longest
        return min((due_at - now()).total_seconds(), longest)

    async def _take(self) -> Sequence[Task]:
        """Mark tasks as sent before they are: until its message counts as lost, each is ours."""
        moment = now()
        due = select(Task).where(Task.due_at <= moment).order_by(Task.due_at).limit(BATCH)
        async with self._database.transaction() as session:
            tasks = (await session.scalars(due.with_for_update(skip_locked=True))).all()
            for task in tasks:
                if task.state is not TaskState.WAITING:
                    log.warning("task is sent again", task_id=str(task.id), state=task.state)
                patience = timedelta(seconds=self._settings.resend_seconds)
                if task.state is TaskState.SENT:
                    # As long again as it has been on its way: behind a long queue, messages must
                    # not pile up.
                    patience = max(patience, moment - task.run_at)
                task.due_at = moment + patience
                task.state = TaskState.SENT
                # A release may have given its kind another one, and workers look there.
                task.queue = KINDS[task.name].queue if task.name in KINDS else task.queue
        return tasks

    async def _send(self, tasks: Sequence[Task]) -> None:
        try:
            await self._carrier.send(tasks)
        except BaseException:  # also where the service stops meanwhile
            UNSENT.inc(len(tasks))
            ids = [task.id for task in tasks]
            still_ours = update(Task).where(Task.id.in_(ids), Task.state == TaskState.SENT)
            async with self._database.transaction() as session:
                await session.execute(still_ours.values(state=TaskState.WAITING, due_at=now()))
            raise
        for task in tasks:
            SENT.labels(task.queue).inc()


CurrentRelay = Annotated[Relay, opened("relay")]
