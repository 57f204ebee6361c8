"""What request schemas share."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


def refuse_unstorable(value: str) -> str:
    if re.search("[\0\ud800-\udfff]", value):
        raise ValueError("must not contain U+0000 or half of a surrogate pair")
    return value


Text = Annotated[str, AfterValidator(refuse_unstorable)]
"""A text that every database can store: JSON can carry what UTF-8 and Postgres cannot."""


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
