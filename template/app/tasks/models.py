from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database.models import Identified, now, text_of


class TaskState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Task(Identified):
    """One row is all that is known of a task: what is to be done, how far it is, what came of it.

    Attributes:
        run_at: when it may be run at the earliest: now, after a delay, or for the next try.
        due_at: when it has to be sent, or sent again, unless something happens before: at `run_at`
            while it waits; when its message counts as lost; when its worker counts as dead. Null
            when it is finished.
    """

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("owner_id", "name", "idempotency_key"),
        Index(None, "owner_id", "created_at", "id"),
        Index(None, "created_at", "id"),
        Index(None, "due_at"),
        Index(None, "state", "finished_at"),
    )

    name: Mapped[str] = mapped_column(String(100))
    queue: Mapped[str] = mapped_column(String(64))
    owner_id: Mapped[str] = mapped_column(String(64))
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    request_id: Mapped[str | None] = mapped_column(String(64))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[TaskState] = mapped_column(text_of(TaskState), default=TaskState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    run_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
