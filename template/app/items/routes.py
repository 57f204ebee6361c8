from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, status

from app.core.etag import IfMatch, IfNoneMatch, etag, unless_known
from app.core.identity import requires
from app.core.pagination import InvalidCursor, Page
from app.core.problems import responses
from app.core.ratelimit import RateLimit, TooManyRequests
from app.items.models import Item
from app.items.schemas import ItemCreate, ItemQuery, ItemRead, ItemUpdate
from app.items.service import READ, WRITE, ItemChanged, ItemNotFound, Items

router = APIRouter(prefix="/items", tags=["items"])
may_read = requires(READ)
may_write = requires(WRITE)
write_limit = Depends(RateLimit("items-write", "120/minute"))


@router.get(
    "", response_model=Page[ItemRead], dependencies=[may_read], responses=responses(InvalidCursor)
)
async def list_items(items: Items, query: Annotated[ItemQuery, Query()]) -> Page[Item]:
    """List your items, page by page."""
    return await items.list(query)


@router.get(
    "/{item_id}",
    response_model=ItemRead,
    dependencies=[may_read],
    responses={**responses(ItemNotFound), 304: {"description": "The version is known"}},
)
async def read_item(
    items: Items, item_id: UUID, response: Response, if_none_match: IfNoneMatch = None
) -> ItemRead | Response:
    """Read one; with `If-None-Match`, only if it is another version than that."""
    item = await items.read(item_id)
    return unless_known(item, etag(item.version), if_none_match, response)


@router.post(
    "",
    response_model=ItemRead,
    status_code=status.HTTP_201_CREATED,
    dependencies=[may_write, write_limit],
    responses=responses(TooManyRequests),
)
async def create_item(items: Items, data: ItemCreate, request: Request, response: Response) -> Item:
    item = await items.create(data)
    response.headers["Location"] = request.url_for("read_item", item_id=item.id).path
    response.headers["ETag"] = etag(item.version)
    return item


@router.patch(
    "/{item_id}",
    response_model=ItemRead,
    dependencies=[may_write, write_limit],
    responses=responses(ItemNotFound, ItemChanged, TooManyRequests),
)
async def update_item(
    items: Items, item_id: UUID, data: ItemUpdate, if_match: IfMatch, response: Response
) -> Item:
    """Change the members that are sent; with `If-Match`, only if nobody else has."""
    item = await items.update(item_id, data, if_match)
    response.headers["ETag"] = etag(item.version)
    return item


@router.delete(
    "/{item_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[may_write, write_limit],
    responses=responses(ItemNotFound, ItemChanged, TooManyRequests),
)
async def delete_item(items: Items, item_id: UUID, if_match: IfMatch) -> None:
    await items.delete(item_id, if_match)
