from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool

from app.auth.emails import Email
from app.auth.passwords import NewPassword, Password
from app.core.pagination import PageQuery
from app.core.schemas import Input, Text, unset

Token = Annotated[str, Field(max_length=2000)]


class Registration(Input):
    email: Email = Field(examples=["ada@example.com"])
    password: NewPassword = Field(examples=["correct horse battery"])


class Credentials(Input):
    email: Annotated[Text, Field(max_length=254, examples=["ada@example.com"])]
    password: Password


class EmailOnly(Input):
    email: Email


class Confirmation(Input):
    token: Token
    password: Password


class PasswordReset(Input):
    token: Token
    password: NewPassword


class PasswordChange(Input):
    current_password: Password
    password: NewPassword


class TokenForm(BaseModel):
    """RFC 6749, sections 4.3 and 6."""

    grant_type: Literal["password", "refresh_token"]
    username: Text = Field(default="", max_length=254)
    password: Password = SecretStr("")
    refresh_token: str = Field(default="", max_length=2000)
    scope: Text = Field(default="", max_length=1000, description="Permissions; all if empty.")


class RevocationForm(BaseModel):
    """RFC 7009, section 2.1."""

    token: Token


class Tokens(BaseModel):
    """RFC 6749, section 5.1."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  (it is no secret)
    expires_in: int = Field(description="Seconds")
    refresh_token: str = Field(description="Good once: the answer to it brings the next one.")
    scope: str | None = None


class SessionRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    is_cookie: bool
    address: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    is_current: bool = False


class UserRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    is_active: bool
    is_verified: bool
    roles: list[str]
    created_at: datetime


class UserUpdate(Input):
    is_active: StrictBool = unset()
    roles: list[Annotated[Text, Field(max_length=32)]] = unset()


class UserQuery(PageQuery):
    email_contains: Annotated[Text, Field(max_length=254)] | None = None
    sort: Literal["created_at", "-created_at"] = "-created_at"
