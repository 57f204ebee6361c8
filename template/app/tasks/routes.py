from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.core.identity import requires
from app.core.pagination import InvalidCursor, Page
from app.core.problems import responses
from app.tasks.models import Task
from app.tasks.resources import lifespan
from app.tasks.schemas import TaskQuery, TaskRead
from app.tasks.service import READ, TaskNotFound, Tasks

router = APIRouter(
    prefix="/tasks", tags=["tasks"], dependencies=[requires(READ)], lifespan=lifespan
)


@router.get("", response_model=Page[TaskRead], responses=responses(InvalidCursor))
async def list_tasks(tasks: Tasks, query: Annotated[TaskQuery, Query()]) -> Page[Task]:
    """List your tasks, page by page."""
    return await tasks.list(query)


@router.get("/{task_id}", response_model=TaskRead, responses=responses(TaskNotFound))
async def read_task(tasks: Tasks, task_id: UUID) -> Task:
    """Read how far a task is, and what came of it."""
    return await tasks.read(task_id)
