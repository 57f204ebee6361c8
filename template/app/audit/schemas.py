from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.pagination import PageQuery
from app.core.schemas import Moment, Text


class AuditEventRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime
    name: str = Field(examples=["login.failed"])
    actor_id: str | None = Field(description="Who did it, where that is known")
    subject_id: str | None = Field(description="Whose account it is about")
    request_id: str | None
    address: str | None
    user_agent: str | None
    details: dict[str, Any]


class AuditQuery(PageQuery):
    """Filters are joined by "and"."""

    name: Annotated[Text, Field(max_length=64)] | None = None
    subject_id: Annotated[Text, Field(max_length=64)] | None = None
    created_after: Moment | None = None
    sort: Literal["created_at", "-created_at"] = "-created_at"
