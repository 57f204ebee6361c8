import secrets
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy import select

from app.api_keys.models import ApiKey
from app.api_keys.schemas import ApiKeyCreate
from app.audit.trail import Audit
from app.auth.models import User
from app.auth.sessions import digest
from app.core.database.models import now
from app.core.database.session import SessionDep
from app.core.dependencies import inline
from app.core.identity import Forbidden, FullyLoggedIn, known_permissions
from app.core.problems import AppError, NotFound

MARK = "key"  # what scanners for leaked secrets can look for


class ApiKeyNotFound(NotFound):
    detail = "You have no key with this id."


class NotConfirmed(Forbidden):
    """A key would outlive the new password of an address's real owner."""


class AlreadyExpired(AppError):
    detail = "A key must expire in the future, or never."


class ScopeNotHeld(Forbidden):
    """A key may do no more than who makes it."""


class ApiKeyService:
    """The keys of whoever is logged in."""

    def __init__(self, session: SessionDep, principal: FullyLoggedIn, audit: Audit) -> None:
        self.session = session
        self.principal = principal
        self.user_id = UUID(principal.id)
        self.audit = audit

    async def list(self) -> Sequence[ApiKey]:
        mine = select(ApiKey).where(ApiKey.user_id == self.user_id)
        return (await self.session.scalars(mine.order_by(ApiKey.created_at, ApiKey.id))).all()

    async def create(self, data: ApiKeyCreate) -> tuple[ApiKey, str]:
        """Make a key, which is told once."""
        if not (await self.session.get_one(User, self.user_id)).is_verified:
            raise NotConfirmed("Confirm your e-mail address before you make keys.")
        known = known_permissions(self.audit.request.app)
        for scope in data.scopes:
            if scope not in known or not self.principal.may(known[scope]):
                raise ScopeNotHeld(f"You cannot give a key the permission {scope}.")
        if data.expires_at is not None and data.expires_at <= now():
            raise AlreadyExpired
        prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        key = ApiKey(
            user_id=self.user_id,
            name=data.name,
            prefix=prefix,
            digest=digest(secret),
            scopes=sorted(set(data.scopes)),
            expires_at=data.expires_at,
        )
        self.session.add(key)
        await self.session.flush()
        self.audit.record("key.created", actor=self.user_id, prefix=prefix, scopes=key.scopes)
        return key, f"{MARK}_{prefix}_{secret}"

    async def revoke(self, key_id: UUID) -> None:
        key = await self.session.scalar(
            select(ApiKey).where(ApiKey.id == key_id, ApiKey.user_id == self.user_id)
        )
        if key is None:
            raise ApiKeyNotFound
        if key.revoked_at is None:
            key.revoked_at = now()
            self.audit.record("key.revoked", actor=self.user_id, prefix=key.prefix)


ApiKeys = Annotated[ApiKeyService, Depends(inline(ApiKeyService))]
