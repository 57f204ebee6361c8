"""What request schemas share."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


def refuse_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain the character U+0000")
    return value


Text = Annotated[str, AfterValidator(refuse_nul)]
"""A text that every database can store: Postgres has no U+0000."""


def to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is too far away") from error


Moment = Annotated[AwareDatetime, AfterValidator(to_utc)]
"""A moment in UTC: a text without a time zone is refused, not guessed."""


class Input(BaseModel):
    """What a client sends: a member that nobody knows is a mistake, not noise."""

    model_config = ConfigDict(extra="forbid")


def unset() -> Any:  # noqa: ANN401  (as `Field` itself, it is assigned to fields of any type)
    """Default of a member that may be left out but not be null; read with `exclude_unset`."""
    return Field(default_factory=lambda: None)
