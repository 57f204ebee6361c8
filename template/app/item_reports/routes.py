from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response, status

from app.core.identity import requires
from app.core.problems import responses
from app.core.ratelimit import RateLimit, TooManyRequests
from app.item_reports.tasks import report_items
from app.items.service import READ
from app.tasks.declarations import NoArguments
from app.tasks.models import Task
from app.tasks.schemas import TaskRead
from app.tasks.service import Tasks

router = APIRouter(prefix="/item-reports", tags=["item-reports"])
limit = Depends(RateLimit("item-reports", "60/minute"))

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Of your making; the same one again gets the same report, not another.",
    ),
]


@router.post(
    "",
    response_model=TaskRead,
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[requires(READ), limit],
    responses=responses(TooManyRequests),
)
async def create_item_report(
    tasks: Tasks, request: Request, response: Response, idempotency_key: IdempotencyKey = None
) -> Task:
    """Have your items counted; `Location` tells where the report will be."""
    task = await tasks.enqueue(report_items, NoArguments(), key=idempotency_key)
    response.headers["Location"] = request.url_for("read_task", task_id=task.id).path
    return task
