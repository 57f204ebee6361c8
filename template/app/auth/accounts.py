"""Accounts, as rows of `User`. The routes know only this."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.models import User
from app.auth.passwords import hash_password, verify_password
from app.core.database.engine import Database
from app.core.database.session import CurrentDatabase, SessionDep
from app.core.problems import AppError
from app.mail.mailer import Post, PostDep


class InvalidLink(AppError):
    detail = "The link is not valid, or not any more. Ask for another one."


class Accounts(ABC):
    """A way to keep accounts says how they are made, and what the links in mails prove."""

    def __init__(self, session: AsyncSession, database: Database, post: Post) -> None:
        self.session = session
        self.database = database
        self.post = post

    async def find(self, email: str) -> User | None:
        """Read in a transaction of its own: none stays open while a password is hashed."""
        async with self.database.read.begin() as session:
            user: User | None = await session.scalar(select(User).where(User.email == email))
        return user

    async def authenticate(self, email: str, password: str) -> User | None:
        """Return whose address and password these are; None takes as long to find out."""
        user = await self.find(email)
        stored = None if user is None else user.hashed_password
        right, renewed = await verify_password(password, stored)
        if user is None or not right:
            return None
        if renewed is not None:
            # Unless there is another password by now.
            same = (User.id == user.id, User.hashed_password == user.hashed_password)
            await self.session.execute(update(User).where(*same).values(hashed_password=renewed))
            user.hashed_password = renewed
        return user

    async def set_password(self, user: User, password: str) -> None:
        hashed = await hash_password(password)
        changed = update(User).where(User.id == user.id).values(hashed_password=hashed)
        await self.session.execute(changed)

    @abstractmethod
    async def create(self, email: str, password: str) -> User | None:
        """Make an account; None, after as long, if there is one with this address."""

    @abstractmethod
    async def send_verification(self, email: str) -> None:
        """Mail a link that confirms the address, if an account waits for it."""

    @abstractmethod
    async def verify(self, token: str) -> User:
        """Confirm the address that such a link was sent to.

        Raises:
            InvalidLink: it is not valid, too old, or was used.
        """

    @abstractmethod
    async def send_reset(self, email: str) -> None:
        """Mail a link that sets a new password, if there is an account."""

    @abstractmethod
    async def reset_password(self, token: str, password: str) -> User:
        """Set the password of the account that such a link was sent to.

        Raises:
            InvalidLink: it is not valid, too old, or was used.
        """


MakeAccounts = Callable[[AsyncSession, Database, Post], Accounts]
"""A way to keep accounts puts one into the lifespan state, as `{"make_accounts": ...}`."""


async def get_accounts(
    request: Request, session: SessionDep, database: CurrentDatabase, post: PostDep
) -> Accounts:
    make = cast("MakeAccounts", request.state.make_accounts)
    return make(session, database, post)


AccountsDep = Annotated[Accounts, Depends(get_accounts)]
