from pydantic import BaseModel
from sqlalchemy import func, select

from app.items.models import Item, ItemStatus
from app.tasks.declarations import NoArguments, TaskContext, task


class ItemReport(BaseModel):
    total: int
    by_status: dict[ItemStatus, int]


@task("items.report", time_limit=60, max_attempts=5)
async def report_items(context: TaskContext, _: NoArguments) -> ItemReport:
    """Count the owner's items."""
    counts = select(Item.status, func.count()).group_by(Item.status)
    mine = counts.where(Item.owner_id == context.principal.id)
    async with context.database.read.begin() as session:
        found = dict((await session.execute(mine)).all())
    by_status = {status: found.get(status, 0) for status in ItemStatus}
    return ItemReport(total=sum(by_status.values()), by_status=by_status)
