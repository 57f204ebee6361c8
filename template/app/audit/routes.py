from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.audit.schemas import AuditEventRead, AuditQuery
from app.core.database.session import SessionDep
from app.core.identity import Permission, requires
from app.core.pagination import InvalidCursor, Page, paginate
from app.core.problems import responses

router = APIRouter(prefix="/audit-events", tags=["audit"])
may_read = requires(Permission("audit:read", roles=frozenset()))


@router.get(
    "",
    response_model=Page[AuditEventRead],
    dependencies=[may_read],
    responses=responses(InvalidCursor),
)
async def list_audit_events(
    session: SessionDep, query: Annotated[AuditQuery, Query()]
) -> Page[AuditEvent]:
    """List security events, page by page, newest first."""
    statement = select(AuditEvent)
    if query.name is not None:
        statement = statement.where(AuditEvent.name == query.name)
    if query.subject_id is not None:
        statement = statement.where(AuditEvent.subject_id == query.subject_id)
    if query.created_after is not None:
        statement = statement.where(AuditEvent.created_at > query.created_after)
    return await paginate(session, statement, query, sort=query.sort, model=AuditEvent)
