"""Write down what touches security: as a row in the request's transaction, and as a log event."""

from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection
from structlog.contextvars import get_contextvars

from app.audit.models import AuditEvent
from app.core.database.session import SessionDep
from app.core.dependencies import inline
from app.core.requests import client_address, user_agent

log = structlog.get_logger()


def record(
    session: AsyncSession,
    connection: HTTPConnection | None,
    name: str,
    *,
    actor: object = None,
    subject: object = None,
    **details: Any,  # noqa: ANN401  (whatever JSON can hold)
) -> None:
    """Add an event to a transaction.

    Args:
        connection: the client's; None where a command does it.
        name: what happened, such as `login.failed`.
        actor: id of who did it, where that is known.
        subject: id of whose account it is about; the actor's own unless given.
        details: never a secret.
    """
    actor_id = None if actor is None else str(actor)
    subject_id = actor_id if subject is None else str(subject)
    session.add(
        AuditEvent(
            name=name,
            actor_id=actor_id,
            subject_id=subject_id,
            request_id=get_contextvars().get("request_id"),
            address=client_address(connection) if connection else None,
            user_agent=user_agent(connection) if connection else "command line",
            details=details,
        )
    )
    log.info("audit", audit=name, actor=actor_id, subject=subject_id, **details)


@dataclass
class AuditTrail:
    """The trail of one request."""

    session: SessionDep
    request: Request

    def record(self, name: str, **facts: Any) -> None:  # noqa: ANN401  (those of `record`)
        record(self.session, self.request, name, **facts)


Audit = Annotated[AuditTrail, Depends(inline(AuditTrail))]
