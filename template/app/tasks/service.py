from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy import Select, select

from app.core.database.after_commit import after_commit
from app.core.database.session import SessionDep
from app.core.dependencies import inline
from app.core.identity import CurrentPrincipal, Permission
from app.core.pagination import Page, paginate
from app.core.problems import NotFound
from app.tasks.declarations import M, TaskKind
from app.tasks.models import Task
from app.tasks.outbox import Outbox
from app.tasks.relay import CurrentRelay
from app.tasks.schemas import TaskQuery

READ = Permission("tasks:read")


class TaskNotFound(NotFound):
    detail = "There is no task with this id."


@dataclass
class TaskService:
    """The tasks that one principal may see: its own, and for an administrator all."""

    session: SessionDep
    principal: CurrentPrincipal
    relay: CurrentRelay

    async def enqueue(
        self,
        kind: TaskKind[M],
        arguments: M,
        *,
        key: str | None = None,
        delay: timedelta = timedelta(),
    ) -> Task:
        """Have something done once the transaction is committed; never without it.

        Args:
            key: the same one again gets the task that it got before, and nothing else happens.
            delay: how long to wait, at least.

        Raises:
            KeyReused: it did, with other arguments.
        """
        outbox = Outbox(self.session, self.principal.id)
        task = await outbox.add(kind, arguments, key=key, delay=delay)
        after_commit(self.session, self.relay.nudge)
        return task

    async def list(self, query: TaskQuery) -> Page[Task]:
        statement = self._visible()
        if query.state is not None:
            statement = statement.where(Task.state == query.state)
        if query.name is not None:
            statement = statement.where(Task.name == query.name)
        return await paginate(self.session, statement, query, sort=query.sort, model=Task)

    async def read(self, task_id: UUID) -> Task:
        task = await self.session.scalar(self._visible().where(Task.id == task_id))
        if task is None:
            raise TaskNotFound
        return task

    def _visible(self) -> Select[Task]:
        statement = select(Task)
        if self.principal.is_admin:
            return statement
        return statement.where(Task.owner_id == self.principal.id)


Tasks = Annotated[TaskService, Depends(inline(TaskService))]
