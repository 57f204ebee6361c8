"""Accounts kept by FastAPI-Users."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cached_property
from typing import Any

from fastapi_users import exceptions
from fastapi_users.schemas import BaseUserCreate

from app.auth.accounts import Accounts, InvalidLink
from app.auth.models import User
from app.auth.settings import AuthSettings
from app.auth_fastapi_users.manager import UserManager


class LibraryAccounts(Accounts):
    @cached_property
    def manager(self) -> UserManager:
        return UserManager(self)

    async def create(self, email: str, password: str) -> User | None:
        # Validated here it would be spelt in another way.
        data = BaseUserCreate.model_construct(email=email, password=password)
        with suppress(exceptions.UserAlreadyExists):
            return await self.manager.create(data)
        return None

    async def send_verification(self, email: str) -> None:
        with suppress(exceptions.FastAPIUsersException):
            await self.manager.request_verify(await self.manager.get_by_email(email))

    async def verify(self, token: str) -> User:
        user = await self._try(lambda: self.manager.verify(token))
        if not user.is_active:
            raise InvalidLink
        return user

    async def send_reset(self, email: str) -> None:
        with suppress(exceptions.FastAPIUsersException):
            await self.manager.forgot_password(await self.manager.get_by_email(email))

    async def reset_password(self, token: str, password: str) -> User:
        return await self._try(lambda: self.manager.reset_password(token, password))

    async def _try(self, use_link: Callable[[], Awaitable[Any]]) -> User:
        """Follow a link signed with any of the secrets: the library knows one at a time."""
        for secret in AuthSettings.load().secrets:
            self.manager.use_secret(secret)
            with suppress(exceptions.FastAPIUsersException):
                user: User = await use_link()
                return user
        raise InvalidLink
