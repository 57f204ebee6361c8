"""What FastAPI-Users asks of a database, on SQLAlchemy 2.1, which its own adapter does not know."""

from typing import Any
from uuid import UUID

from fastapi_users.db import BaseUserDatabase
from fastapi_users.exceptions import UserAlreadyExists
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.auth.accounts import Accounts
from app.auth.emails import as_typed
from app.auth.models import User
from app.auth_fastapi_users.models import OAuthAccount

OAUTH_COLUMNS = ("oauth_name", "account_id", "account_email")


# `Any` for the user: the library's protocol for it admits no SQLAlchemy model.
class UserDatabase(BaseUserDatabase[Any, UUID]):
    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.session = accounts.session

    async def get(self, id: UUID) -> User | None:  # noqa: A002  (the library's name)
        """Read to change it: of two who do so at once, one waits."""
        return await self.session.get(User, id, with_for_update=True)

    async def get_by_email(self, email: str) -> User | None:
        return await self.accounts.find(as_typed(email))

    async def create(self, create_dict: dict[str, Any]) -> User:
        user = User(**create_dict | {"email": as_typed(create_dict["email"])})
        try:
            async with self.session.begin_nested():
                self.session.add(user)
        except IntegrityError as error:
            raise UserAlreadyExists from error
        return user

    async def update(self, user: User, update_dict: dict[str, Any]) -> User:
        stored = await self.session.get_one(User, user.id)
        for name, value in update_dict.items():
            setattr(stored, name, value)
        await self.session.flush()
        return stored

    async def delete(self, user: User) -> None:
        await self.session.delete(await self.session.get_one(User, user.id))

    async def get_by_oauth_account(self, oauth: str, account_id: str) -> User | None:
        # SQLite: the request is a GET, and yet it writes.
        await self.session.connection(execution_options={"sqlite_begin": "BEGIN IMMEDIATE"})
        accounts = select(OAuthAccount.user_id).where(
            OAuthAccount.oauth_name == oauth, OAuthAccount.account_id == account_id
        )
        user: User | None = await self.session.scalar(select(User).where(User.id.in_(accounts)))
        return user

    # `Any`, for the library's own type of these two admits no model either.
    async def add_oauth_account(self, user: Any, create_dict: dict[str, Any]) -> Any:  # noqa: ANN401
        kept = {name: create_dict[name] for name in OAUTH_COLUMNS}
        self.session.add(OAuthAccount(user_id=user.id, **kept))
        await self.session.flush()
        return await self.session.get_one(User, user.id)

    async def update_oauth_account(
        self,
        user: Any,  # noqa: ANN401
        oauth_account: Any,  # noqa: ANN401
        update_dict: dict[str, Any],
    ) -> Any:  # noqa: ANN401
        oauth_account.account_email = update_dict["account_email"]
        return user
