from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.pagination import PageQuery
from app.core.schemas import Input, Moment, Text, unset
from app.items.models import ItemStatus

Name = Annotated[Text, Field(min_length=1, max_length=200, examples=["Desk lamp"])]
Description = Annotated[Text, Field(max_length=10_000, examples=["Brass, with a green shade."])]


class ItemCreate(Input):
    name: Name
    description: Description = ""
    status: ItemStatus = ItemStatus.DRAFT


class ItemUpdate(Input):
    """Only the members that are sent are changed."""

    name: Name = unset()
    description: Description = unset()
    status: ItemStatus = unset()


class ItemRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    owner_id: str = Field(examples=["anonymous"])
    name: Name
    description: Description
    status: ItemStatus
    version: int = Field(description="Also in the ETag header.", examples=[1])
    created_at: datetime
    updated_at: datetime


class ItemQuery(PageQuery):
    """Filters are joined by "and"."""

    status: ItemStatus | None = None
    name_contains: Annotated[Text, Field(max_length=200)] | None = Field(
        default=None, description="Part of the name, in any case."
    )
    created_after: Moment | None = None
    sort: Literal["created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] = (
        Field(default="-created_at", description="`-` sorts from last to first.")
    )
