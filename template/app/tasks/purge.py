"""What keeps the table small, as a task itself."""

from datetime import timedelta

from pydantic import BaseModel
from sqlalchemy import delete, select

from app.core.database.models import now
from app.tasks.declarations import NoArguments, TaskContext, task
from app.tasks.models import Task
from app.tasks.settings import TaskSettings

BATCH = 1000


class Purged(BaseModel):
    tasks: int


@task("tasks.purge", every=timedelta(days=1))
async def purge_tasks(context: TaskContext, _: NoArguments) -> Purged:
    """Remove what finished, well or badly, more than TASKS_KEEP_DAYS ago."""
    before = now() - timedelta(days=TaskSettings.load().keep_days)
    old = select(Task.id).where(Task.finished_at < before).limit(BATCH)
    removed = 0
    while True:
        # In batches: nobody waits long for a lock.
        async with context.database.transaction() as session:
            gone = await session.scalars(delete(Task).where(Task.id.in_(old)).returning(Task.id))
            count = len(gone.all())
        removed += count
        if count < BATCH:
            return Purged(tasks=removed)
