from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database.models import Identified, Record, now
from app.core.identity import ADMIN, USER


class User(Record):
    """Somebody with an account."""

    __tablename__ = "user_account"  # `user` is a reserved word in Postgres
    __table_args__ = (Index(None, "created_at", "id"),)

    email: Mapped[str] = mapped_column(String(254), unique=True)
    hashed_password: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_verified: Mapped[bool] = mapped_column(default=False)
    roles: Mapped[list[str]] = mapped_column(JSON, default=lambda: [USER])

    @property
    def is_superuser(self) -> bool:
        return ADMIN in self.roles


class Session(Identified):
    """A log-in on some device, until it ends."""

    __tablename__ = "login_session"

    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    is_cookie: Mapped[bool]
    scopes: Mapped[list[str] | None] = mapped_column(JSON)
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SessionToken(Identified):
    """What a client proves a log-in with: a cookie, or a refresh token that is good once.

    Used ones stay as long as their session, to recognise them when they come again.
    """

    __tablename__ = "login_session_token"

    session_id: Mapped[UUID] = mapped_column(ForeignKey(Session.id, ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]
