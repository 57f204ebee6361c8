"""Accounts kept by FastAPI-Users."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import exceptions
from fastapi_users.schemas import BaseUserCreate
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.accounts import InvalidLink
from app.auth.models import User
from app.auth.settings import AuthSettings
from app.auth_fastapi_users.manager import UserManager
from app.core.database.engine import Database
from app.mail.mailer import Post

UNUSABLE = (
    exceptions.InvalidResetPasswordToken,
    exceptions.InvalidVerifyToken,
    exceptions.UserAlreadyVerified,
    exceptions.UserInactive,
    exceptions.UserNotExists,
)


class LibraryAccounts:
    def __init__(self, session: AsyncSession, database: Database, post: Post) -> None:
        self.manager = UserManager(session, database, post)

    async def create(self, email: str, password: str) -> User | None:
        try:
            # Validated here it would be spelt in another way.
            data = BaseUserCreate.model_construct(email=email, password=password)
            return await self.manager.create(data)
        except exceptions.UserAlreadyExists:
            return None

    async def authenticate(self, email: str, password: str) -> User | None:
        return await self.manager.authenticate(
            OAuth2PasswordRequestForm(username=email, password=password)
        )

    async def send_verification(self, email: str) -> None:
        user = await self.manager.user_db.get_by_email(email)
        if user is not None and user.is_active and not user.is_verified:
            await self.manager.request_verify(user)

    async def verify(self, token: str) -> User:
        user = await self._try(lambda: self.manager.verify(token))
        if not user.is_active:
            raise InvalidLink
        return user

    async def send_reset(self, email: str) -> None:
        user = await self.manager.user_db.get_by_email(email)
        if user is not None and user.is_active:
            await self.manager.forgot_password(user)

    async def reset_password(self, token: str, password: str) -> User:
        return await self._try(lambda: self.manager.reset_password(token, password))

    async def _try(self, use_link: Callable[[], Awaitable[Any]]) -> User:
        """Follow a link signed with any of the secrets: the library knows one at a time."""
        for secret in AuthSettings.load().secrets:
            self.manager.use_secret(secret)
            with suppress(*UNUSABLE):
                user: User = await use_link()
                return user
        raise InvalidLink

    async def set_password(self, user: User, password: str) -> None:
        await self.manager.set_password(user, password)
