from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.identity import ANONYMOUS
from app.items.models import Item, ItemStatus

EXAMPLES = {
    "Desk lamp": ItemStatus.ACTIVE,
    "Bookshelf": ItemStatus.DRAFT,
    "Typewriter": ItemStatus.ARCHIVED,
}


async def seed_items(session: AsyncSession) -> int:
    """Add the examples that are missing; return how many that were."""
    known = await session.scalars(select(Item.name).where(Item.owner_id == ANONYMOUS.id))
    missing = EXAMPLES.keys() - set(known)
    session.add_all(
        Item(owner_id=ANONYMOUS.id, name=name, status=status)
        for name, status in EXAMPLES.items()
        if name in missing
    )
    return len(missing)
