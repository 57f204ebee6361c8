from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import Depends, FastAPI
from sqlalchemy import select

from app.audit.trail import Audit
from app.auth.models import User
from app.auth.schemas import UserQuery, UserUpdate
from app.auth.sessions import Sessions
from app.core.database.session import CurrentDatabase, SessionDep
from app.core.dependencies import inline
from app.core.identity import ADMIN, CurrentPrincipal, LoggedIn, known_permissions
from app.core.pagination import Page, paginate
from app.core.problems import AppError, NotFound


class UserNotFound(NotFound):
    detail = "There is no user with this id."


class UnknownRole(AppError):
    def __init__(self, unknown: set[str], known: set[str]) -> None:
        super().__init__(f"No role {', '.join(sorted(unknown))}: take {', '.join(sorted(known))}.")


class OwnAccount(AppError):
    """Whoever locked themselves out could not undo it."""

    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT
    detail = "Another administrator has to do this to your account."


@dataclass(frozen=True)
class UserService:
    """What administrators do to accounts."""

    session: SessionDep
    principal: CurrentPrincipal
    sessions: Sessions
    audit: Audit

    async def page(self, query: UserQuery) -> Page[User]:
        statement = select(User)
        if query.email_contains is not None:
            statement = statement.where(User.email.icontains(query.email_contains, autoescape=True))
        return await paginate(self.session, statement, query, sort=query.sort, model=User)

    async def get(self, user_id: UUID) -> User:
        user = await self.session.get(User, user_id)
        if user is None:
            raise UserNotFound
        return user

    async def update(self, user_id: UUID, data: UserUpdate) -> User:
        user = await self._get_other(user_id)
        changes = data.model_dump(exclude_unset=True)
        known = known_roles(self.audit.request.app)
        if unknown := set(changes.get("roles", ())) - known:
            raise UnknownRole(unknown, known)
        for name, value in changes.items():
            setattr(user, name, value)
        if not user.is_active:
            await self.sessions.end(user.id)
        self.audit.record("user.changed", actor=self.principal.id, subject=user.id, **changes)
        return user

    async def delete(self, user_id: UUID) -> None:
        user = await self._get_other(user_id)
        await self.session.delete(user)
        self.audit.record("user.deleted", actor=self.principal.id, subject=user.id)

    async def _get_other(self, user_id: UUID) -> User:
        if str(user_id) == self.principal.id:
            raise OwnAccount
        return await self.get(user_id)


Users = Annotated[UserService, Depends(inline(UserService))]


async def get_current_user(database: CurrentDatabase, principal: LoggedIn) -> User:
    """Read in a transaction of its own: none stays open while a password is hashed."""
    async with database.read.begin() as session:
        user = await session.get(User, UUID(principal.id))
    if user is None:
        raise UserNotFound
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]


def known_roles(app: FastAPI) -> set[str]:
    permissions = known_permissions(app).values()
    return {ADMIN}.union(*(permission.roles for permission in permissions))
