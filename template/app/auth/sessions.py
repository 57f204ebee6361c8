"""Log-ins: open, prove, renew, end."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import Depends
from sqlalchemy import ColumnElement, delete, select, update

from app.audit.trail import Audit
from app.auth import tokens
from app.auth.models import Session, SessionToken, User
from app.auth.settings import AuthSettings
from app.core.database.models import now
from app.core.database.session import SessionDep
from app.core.dependencies import inline
from app.core.problems import AppError
from app.core.requests import client_address, user_agent

ACCESS = "access"


class OAuthError(AppError):
    """RFC 6749, section 5.2: the name of the class is also the `error` that clients look for."""

    def __init__(self, detail: str) -> None:
        error = {"error": "_".join(self.words()), "error_description": detail}
        super().__init__(detail, members=error)


class InvalidGrant(OAuthError):
    """Also the wrong password, and no hint which."""

    keeps_changes: ClassVar[bool] = True


@dataclass(frozen=True)
class Opened:
    """A log-in, and the secret that proves it: told once, stored as its digest."""

    session: Session
    secret: str

    @property
    def access_token(self) -> str:
        lifetime = timedelta(minutes=AuthSettings.load().access_minutes)
        return tokens.sign(ACCESS, str(self.session.user_id), lifetime, sid=str(self.session.id))


class SessionService:
    def __init__(self, session: SessionDep, audit: Audit) -> None:
        self.session = session
        self.audit = audit

    async def still_counts(self, user: User) -> bool:
        """Whether the password that was checked still counts; it does until this is committed.

        To check it takes a while, in which it may be replaced, or the account be locked.
        """
        same = (User.id == user.id, User.hashed_password == user.hashed_password, User.is_active)
        return await self.session.scalar(select(User.id).where(*same).with_for_update()) is not None

    async def open(self, user: User, *, cookie: bool, scopes: list[str] | None = None) -> Opened:
        expired = delete(Session).where(Session.user_id == user.id, Session.expires_at < now())
        await self.session.execute(expired)
        request = self.audit.request
        opened = Session(
            user_id=user.id,
            is_cookie=cookie,
            scopes=scopes,
            address=client_address(request),
            user_agent=user_agent(request),
            expires_at=now() + timedelta(days=AuthSettings.load().session_days),
        )
        self.session.add(opened)
        await self.session.flush()
        self.audit.record("login", actor=user.id, log_in=str(opened.id), browser=cookie)
        return Opened(opened, self._new_secret(opened.id))

    async def renew(self, secret: str) -> Opened:
        """Take a refresh token for a new one. The database decides who was first.

        Raises:
            InvalidGrant: it is unknown, over, or was used before: then the log-in ends, for one of
                the two who had it is a thief.
        """
        session = await self._find(secret)
        if session is None:
            raise InvalidGrant("Log in again.")
        unused = (SessionToken.digest == digest(secret), SessionToken.used_at.is_(None))
        first = update(SessionToken).where(*unused).values(used_at=now()).returning(SessionToken.id)
        if await self.session.scalar(first) is None:
            # Told once: the same token may be sent again and again.
            if await self.end(session.user_id, Session.id == session.id):
                log_in = str(session.id)
                self.audit.record("refresh.reused", subject=session.user_id, log_in=log_in)
            raise InvalidGrant("Log in again.")
        session.last_used_at = now()
        return Opened(session, self._new_secret(session.id))

    async def all_of(self, user_id: UUID) -> Sequence[Session]:
        statement = (
            select(Session)
            .join(User, User.id == Session.user_id)
            .where(Session.user_id == user_id, *is_alive())
            .order_by(Session.last_used_at.desc(), Session.id)
        )
        return (await self.session.scalars(statement)).all()

    async def end(self, user_id: UUID, *which: ColumnElement[bool]) -> bool:
        """End the log-ins of a user, or those that meet the conditions; return whether any did."""
        ended = await self.session.scalars(
            update(Session)
            .where(Session.user_id == user_id, Session.ended_at.is_(None), *which)
            .values(ended_at=now())
            .returning(Session.id)
        )
        found = [str(session) for session in ended]
        if found:
            self.audit.record("logout", subject=user_id, log_ins=found)
        return bool(found)

    async def end_by_secret(self, secret: str) -> None:
        session = await self._find(secret)
        if session is not None:
            await self.end(session.user_id, Session.id == session.id)

    async def _find(self, secret: str) -> Session | None:
        """Find the log-in that a refresh token belongs to, used or not."""
        owner = select(SessionToken.session_id).where(SessionToken.digest == digest(secret))
        mine = (Session.id.in_(owner), Session.is_cookie.is_(False))
        alive = select(Session).join(User, User.id == Session.user_id).where(*is_alive(), *mine)
        return await self.session.scalar(alive)

    def _new_secret(self, session_id: UUID) -> str:
        secret = secrets.token_urlsafe(32)
        self.session.add(SessionToken(session_id=session_id, digest=digest(secret)))
        return secret


Sessions = Annotated[SessionService, Depends(inline(SessionService))]


def is_alive() -> list[ColumnElement[bool]]:
    """Conditions of a log-in that still counts, of a user who is not locked out."""
    return [Session.ended_at.is_(None), Session.expires_at > now(), User.is_active.is_(True)]


def digest(secret: str) -> str:
    """No slow hash is needed for what nobody can guess: it has 256 random bits."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
