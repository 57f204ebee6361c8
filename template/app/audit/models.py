from datetime import datetime
from typing import Any, Never

from sqlalchemy import JSON, Index, String, event
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database.models import Identified, now


class AuditEvent(Identified):
    """Something that touches security, as it was. Rows are only ever added."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "subject_id", "created_at", "id"),
    )

    created_at: Mapped[datetime] = mapped_column(default=now)
    name: Mapped[str] = mapped_column(String(64))
    # No foreign keys: what somebody did stays when they are gone.
    actor_id: Mapped[str | None] = mapped_column(String(64))
    subject_id: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(String(200))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


@event.listens_for(AuditEvent, "before_update")
@event.listens_for(AuditEvent, "before_delete")
def refuse(*_: object) -> Never:
    raise TypeError("audit events are only ever added")
