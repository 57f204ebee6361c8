from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.pagination import PageQuery
from app.core.problems import Problem
from app.core.schemas import Text
from app.tasks.models import TaskState


class TaskRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str = Field(examples=["items.report"])
    owner_id: str = Field(examples=["anonymous"])
    state: TaskState
    attempts: int = Field(description="How often it was begun.", examples=[1])
    result: dict[str, Any] | None = Field(description="What came of it, once it is done.")
    error: Problem | None = Field(description="What the last attempt failed with.")
    request_id: str | None = Field(description="The request that asked for it.")
    created_at: datetime
    run_at: datetime = Field(description="Not before; later than now while it waits for a retry.")
    started_at: datetime | None
    finished_at: datetime | None


class TaskQuery(PageQuery):
    """Filters are joined by "and"."""

    state: TaskState | None = None
    name: Annotated[Text, Field(max_length=100)] | None = None
    sort: Literal["created_at", "-created_at"] = Field(
        default="-created_at", description="`-` sorts from last to first."
    )
