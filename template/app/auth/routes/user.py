"""Yourself, and for administrators everybody."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from app.auth.models import User
from app.auth.schemas import UserQuery, UserRead, UserUpdate
from app.auth.users import CurrentUser, OwnAccount, UnknownRole, UserNotFound, Users
from app.core.identity import Permission, requires
from app.core.pagination import InvalidCursor, Page
from app.core.problems import responses

# `:uuid`, so that nothing takes /users/me for the account of somebody called "me".
router = APIRouter(prefix="/users", tags=["users"])
may_manage = requires(Permission("users:manage", roles=frozenset()))
others = APIRouter(prefix="/users", tags=["users"], dependencies=[may_manage])


@router.get("/me", response_model=UserRead)
async def read_me(user: CurrentUser) -> User:
    return user


@others.get("", response_model=Page[UserRead], responses=responses(InvalidCursor))
async def list_users(users: Users, query: Annotated[UserQuery, Query()]) -> Page[User]:
    """List accounts, page by page."""
    return await users.page(query)


@others.get("/{user_id:uuid}", response_model=UserRead, responses=responses(UserNotFound))
async def read_user(users: Users, user_id: UUID) -> User:
    return await users.get(user_id)


@others.patch(
    "/{user_id:uuid}",
    response_model=UserRead,
    responses=responses(UserNotFound, UnknownRole, OwnAccount),
)
async def update_user(users: Users, user_id: UUID, data: UserUpdate) -> User:
    """Give and take roles; lock an account, which ends its log-ins and keys at once."""
    return await users.update(user_id, data)


@others.delete(
    "/{user_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(UserNotFound, OwnAccount),
)
async def delete_user(users: Users, user_id: UUID) -> None:
    """Remove an account, its log-ins and keys. What it owns elsewhere stays."""
    await users.delete(user_id)
