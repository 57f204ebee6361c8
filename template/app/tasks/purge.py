"""What keeps the table small, as a task itself."""

from datetime import timedelta

from pydantic import BaseModel
from sqlalchemy import and_, delete, or_, select

from app.core.database.models import now
from app.tasks.declarations import KINDS, NoArguments, TaskContext, task
from app.tasks.models import Task
from app.tasks.settings import TaskSettings

BATCH = 1000


class Purged(BaseModel):
    tasks: int


@task("tasks.purge", every=timedelta(days=1))
async def purge_tasks(context: TaskContext, _: NoArguments) -> Purged:
    """Remove what finished, well or badly, more than TASKS_KEEP_DAYS ago."""
    before = now() - timedelta(days=TaskSettings.load().keep_days)
    # What recurs is done once for its time, and its row is what says so.
    current = [
        and_(Task.name == kind.name, Task.run_at > now() - kind.every)
        for kind in KINDS.values()
        if kind.every is not None
    ]
    old = select(Task.id).where(Task.finished_at < before, ~or_(*current)).limit(BATCH)
    removed = 0
    while True:
        # In batches: nobody waits long for a lock.
        async with context.database.transaction() as session:
            gone = await session.scalars(delete(Task).where(Task.id.in_(old)).returning(Task.id))
            count = len(gone.all())
        removed += count
        if count < BATCH:
            return Purged(tasks=removed)
