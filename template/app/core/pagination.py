"""Pages of a list, by keyset: stable while rows come and go, and as fast on the last page."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import TypeAdapter
from sqlalchemy import Select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.core.database.models import Record
from app.core.problems import AppError
from app.core.schemas import Moment, Text

MAX_LIMIT = 100
CURSOR = TypeAdapter(tuple[str, Text, UUID])
MOMENT = TypeAdapter(Moment)

T = TypeVar("T")
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows, and the cursor that gets the next ones; null on the last page."""

    items: Sequence[T]
    next_cursor: str | None


@dataclass(frozen=True)
class PageRequest:
    limit: int
    cursor: str | None


def get_page_request(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows on a page.")] = 20,
    cursor: Annotated[
        str | None,
        Query(max_length=2000, description="`next_cursor` of the page before, same sort."),
    ] = None,
) -> PageRequest:
    return PageRequest(limit, cursor)


PageDep = Annotated[PageRequest, Depends(get_page_request)]


class InvalidCursor(AppError):
    def __init__(self) -> None:
        super().__init__("Take `cursor` from `next_cursor` of a page with the same `sort`.")


async def paginate(
    session: AsyncSession,
    statement: Select[R],
    page: PageRequest,
    *,
    sort: str,
    model: type[R],
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
    key = tuple_(column, model.id)
    if page.cursor is not None:
        after = tuple_(*decode_cursor(page.cursor, sort, column.type.python_type))
        statement = statement.where(key < after if descending else key > after)
    order = [part.desc() if descending else part.asc() for part in (column, model.id)]
    # One more row than asked for tells whether there is another page.
    found = await session.scalars(statement.order_by(*order).limit(page.limit + 1))
    rows = found.all()
    items = rows[: page.limit]
    if len(rows) <= page.limit:
        return Page(items, None)
    last = items[-1]
    return Page(items, encode_cursor(sort, getattr(last, name), last.id))


def encode_cursor(sort: str, value: str | datetime, row_id: UUID) -> str:
    text = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(CURSOR.dump_json((sort, text, row_id))).decode()


def decode_cursor(cursor: str, sort: str, kind: type) -> tuple[str | datetime, UUID]:
    try:
        decoded = base64.b64decode(cursor, altchars=b"-_", validate=True)
        made_for, text, row_id = CURSOR.validate_json(decoded)
        value = MOMENT.validate_python(text) if kind is datetime else text
    except ValueError as error:
        raise InvalidCursor from error
    if made_for != sort:
        raise InvalidCursor
    return value, row_id
