from dataclasses import dataclass
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy import Select, select
from sqlalchemy.orm.exc import StaleDataError

from app.core.cache import CurrentCache
from app.core.database.after_commit import after_commit
from app.core.database.session import SessionDep
from app.core.dependencies import inline
from app.core.etag import IfMatch
from app.core.events import CurrentEvents, Event, Topic
from app.core.identity import CurrentPrincipal, Permission
from app.core.pagination import Page, paginate
from app.core.problems import NotFound, PreconditionFailed
from app.items.models import Item
from app.items.schemas import ItemCreate, ItemQuery, ItemRead, ItemUpdate

READ = Permission("items:read")
WRITE = Permission("items:write")
ITEMS = Topic("items", READ, owned=True)


class ItemNotFound(NotFound):
    detail = "There is no item with this id."


class ItemChanged(PreconditionFailed):
    detail = "The item has changed since it was read. Read it again, then repeat."


@dataclass
class ItemService:
    """The items that one principal may see: its own, and for an administrator all."""

    session: SessionDep
    principal: CurrentPrincipal
    events: CurrentEvents
    cache: CurrentCache

    async def list(self, query: ItemQuery) -> Page[Item]:
        statement = self._visible()
        if query.status is not None:
            statement = statement.where(Item.status == query.status)
        if query.name_contains is not None:
            statement = statement.where(Item.name.icontains(query.name_contains, autoescape=True))
        if query.created_after is not None:
            statement = statement.where(Item.created_at > query.created_after)
        return await paginate(self.session, statement, query, sort=query.sort, model=Item)

    async def read(self, item_id: UUID) -> ItemRead:
        """Return the item as it is, or was a short while ago where it is kept in a cache."""
        key = f"item:{item_id}"
        item = await self.cache.get(ItemRead, key, partial(self._load, item_id), tags=(key,))
        if not self._sees(item.owner_id):
            raise ItemNotFound
        return item

    async def create(self, data: ItemCreate) -> Item:
        item = Item(owner_id=self.principal.id, **data.model_dump())
        self.session.add(item)
        await self.session.flush()
        self._announce("item.created", item)
        return item

    async def update(self, item_id: UUID, data: ItemUpdate, if_match: IfMatch) -> Item:
        item = await self._get_unchanged(item_id, if_match)
        for name, value in data.model_dump(exclude_unset=True).items():
            setattr(item, name, value)
        await self._flush()
        self._announce("item.updated", item)
        return item

    async def delete(self, item_id: UUID, if_match: IfMatch) -> None:
        item = await self._get_unchanged(item_id, if_match)
        await self.session.delete(item)
        await self._flush()
        self._announce("item.deleted", item)

    def _visible(self) -> Select[Item]:
        statement = select(Item)
        if self.principal.is_admin:
            return statement
        return statement.where(Item.owner_id == self.principal.id)

    def _sees(self, owner_id: str) -> bool:
        return self.principal.is_admin or owner_id == self.principal.id

    async def _load(self, item_id: UUID) -> ItemRead:
        item = await self.session.get(Item, item_id)
        if item is None:
            raise ItemNotFound
        return ItemRead.model_validate(item)

    async def _get_unchanged(self, item_id: UUID, if_match: IfMatch) -> Item:
        item = await self.session.scalar(self._visible().where(Item.id == item_id))
        if item is None:
            raise ItemNotFound
        if not if_match.allows(item.version):
            raise ItemChanged
        return item

    def _announce(self, name: str, item: Item) -> None:
        """Tell of a change, and forget what was kept of the item, once it is committed."""
        data = ItemRead.model_validate(item).model_dump(mode="json")
        event = Event(ITEMS.name, name, data, owner=item.owner_id)
        after_commit(self.session, partial(self.cache.forget, f"item:{item.id}"))
        after_commit(self.session, partial(self.events.publish, event))

    async def _flush(self) -> None:
        try:
            await self.session.flush()
        except StaleDataError as error:
            raise ItemChanged from error


Items = Annotated[ItemService, Depends(inline(ItemService))]
