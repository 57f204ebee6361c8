"""Pages of a list, by keyset: stable while rows come and go, and as fast on the last page."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import Field, TypeAdapter
from sqlalchemy import Select, String, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.core.database.models import Identified, UtcDateTime
from app.core.problems import AppError
from app.core.schemas import Input, Moment, Text

MAX_LIMIT = 100
# Of the last row: what it is sorted by, its value, its id.
MOMENT_CURSOR = TypeAdapter(tuple[str, Moment, UUID])
TEXT_CURSOR = TypeAdapter(tuple[str, Text, UUID])

T = TypeVar("T")
R = TypeVar("R", bound=Identified)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows, and the cursor that gets the next ones; null on the last page."""

    items: Sequence[T]
    next_cursor: str | None


class PageQuery(Input):
    """The part of a list's query that picks the page; a resource adds its filters and `sort`."""

    limit: int = Field(default=20, ge=1, le=MAX_LIMIT, description="Rows on a page.")
    cursor: str | None = Field(
        default=None, max_length=2000, description="`next_cursor` of the page before, same sort."
    )


class InvalidCursor(AppError):
    detail = "Take `cursor` from `next_cursor` of a page with the same `sort`."


async def paginate(
    session: AsyncSession, statement: Select[R], query: PageQuery, *, sort: str, model: type[R]
) -> Page[R]:
    """Run a select for one page of a model's rows.

    Args:
        sort: an attribute that is a text or a moment and never null, with `-` in front for
            descending; ties are broken by id. The caller restricts what may be sorted by.

    Raises:
        InvalidCursor: the cursor was not made here for this sort.
    """
    name = sort.removeprefix("-")
    descending = sort.startswith("-")
    column: InstrumentedAttribute[Any] = getattr(model, name)
    if not isinstance(column.type, UtcDateTime | String):
        raise TypeError(f"sort by texts and moments, not by {name}")
    key = tuple_(column, model.id)
    cursors = MOMENT_CURSOR if isinstance(column.type, UtcDateTime) else TEXT_CURSOR
    if query.cursor is not None:
        value, row_id = decode_cursor(query.cursor, sort, cursors)
        after = tuple_(literal(value, column.type), literal(row_id, model.id.type))
        statement = statement.where(key < after if descending else key > after)
    order = [part.desc() if descending else part.asc() for part in (column, model.id)]
    # One more row than asked for tells whether there is another page.
    found = await session.scalars(statement.order_by(*order).limit(query.limit + 1))
    rows = found.all()
    items = rows[: query.limit]
    if len(rows) <= query.limit:
        return Page(items, None)
    last = items[-1]
    next_cursor = cursors.dump_json((sort, getattr(last, name), last.id))
    return Page(items, base64.urlsafe_b64encode(next_cursor).decode())


def decode_cursor(cursor: str, sort: str, cursors: TypeAdapter[Any]) -> tuple[Any, UUID]:
    try:
        decoded = base64.b64decode(cursor, altchars=b"-_", validate=True)
        made_for, value, row_id = cursors.validate_json(decoded)
    except ValueError as error:
        raise InvalidCursor from error
    if made_for != sort:
        raise InvalidCursor
    return value, row_id
