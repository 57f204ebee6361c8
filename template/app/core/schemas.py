"""What request schemas share."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

Text = Annotated[str, StringConstraints(pattern=r"^[^\u0000]*$")]
"""A text that every database can store: JSON can carry what UTF-8 and Postgres cannot."""


def to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is too far away") from error


def refuse_number(value: object) -> object:
    """A bare number would be guessed to be seconds, or milliseconds, since 1970."""
    try:
        float(str(value))
    except ValueError:
        return value
    raise ValueError("must be written like 2026-01-31T12:00:00Z")


Moment = Annotated[AwareDatetime, BeforeValidator(refuse_number), AfterValidator(to_utc)]
"""A moment in UTC: a text without a time zone is refused, not guessed."""


class Input(BaseModel):
    """What a client sends: a member that nobody knows is a mistake, not noise."""

    model_config = ConfigDict(extra="forbid")


def unset() -> Any:  # noqa: ANN401  (as `Field` itself, it is assigned to fields of any type)
    """Default of a member that may be left out but not be null; read with `exclude_unset`."""
    return Field(default_factory=lambda: None)
