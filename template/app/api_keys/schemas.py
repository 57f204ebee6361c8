from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.schemas import Input, Moment, Text


class ApiKeyCreate(Input):
    name: Annotated[Text, Field(min_length=1, max_length=100)] = Field(examples=["Nightly import"])
    scopes: list[Annotated[Text, Field(max_length=64)]] = Field(
        min_length=1, max_length=50, examples=[["items:read"]], description="Permissions."
    )
    expires_at: Moment | None = None


class ApiKeyRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To within a minute")
    revoked_at: datetime | None


class ApiKeyCreated(ApiKeyRead):
    key: str = Field(description="Send it as `X-API-Key`. It is not shown again.")
