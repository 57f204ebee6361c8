"""Add tasks to a transaction: they are there if it is committed, and were never there if not."""

from datetime import timedelta
from http import HTTPStatus
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import get_contextvars

from app.core.database.models import now
from app.core.problems import AppError
from app.tasks.declarations import M, TaskKind
from app.tasks.models import Task


class KeyReused(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT
    detail = "This key was used before, with other arguments."


class Outbox:
    """For what is no request, such as another task; requests have `Tasks`."""

    def __init__(self, session: AsyncSession, owner_id: str) -> None:
        self._session = session
        self._owner_id = owner_id

    async def add(
        self,
        kind: TaskKind[M],
        arguments: M,
        *,
        key: str | None = None,
        delay: timedelta = timedelta(),
    ) -> Task:
        """Add a task, or return the one that has the key.

        Raises:
            KeyReused: that one has other arguments.
        """
        run_at = now() + delay
        task = Task(
            name=kind.name,
            queue=kind.queue,
            owner_id=self._owner_id,
            idempotency_key=key,
            request_id=get_contextvars().get("request_id"),
            arguments=arguments.model_dump(mode="json"),
            run_at=run_at,
            due_at=run_at,
        )
        if key is None:
            self._session.add(task)
            await self._session.flush()
            return task
        same = select(Task).where(
            Task.owner_id == task.owner_id, Task.name == task.name, Task.idempotency_key == key
        )
        known = await self._session.scalar(same)
        if known is None:
            try:
                async with self._session.begin_nested():
                    self._session.add(task)
                known = task
            except IntegrityError:
                # Somebody else has used the key since we looked.
                known = (await self._session.scalars(same)).one()
        if known.arguments != task.arguments:
            raise KeyReused
        return known
