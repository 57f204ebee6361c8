"""What every way to keep accounts can do. The routes know only this."""

from collections.abc import Callable
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.models import User
from app.core.database.engine import Database
from app.core.database.session import CurrentDatabase, SessionDep
from app.core.problems import AppError
from app.mail.mailer import Post, PostDep


class InvalidLink(AppError):
    def __init__(self) -> None:
        super().__init__("The link is not valid, or not any more. Ask for another one.")


class Accounts(Protocol):
    async def create(self, email: str, password: str) -> User | None:
        """Make an account; None if there is one with this address."""
        ...

    async def authenticate(self, email: str, password: str) -> User | None:
        """Return whose address and password these are; None takes as long to find out."""
        ...

    async def send_verification(self, email: str) -> None:
        """Mail a link that confirms the address, if an account waits for it."""
        ...

    async def verify(self, token: str) -> User:
        """Confirm the address that such a link was sent to.

        Raises:
            InvalidLink: it is not valid, too old, or was used.
        """
        ...

    async def send_reset(self, email: str) -> None:
        """Mail a link that sets a new password, if there is an account."""
        ...

    async def reset_password(self, token: str, password: str) -> User:
        """Set the password of the account that such a link was sent to.

        Raises:
            InvalidLink: it is not valid, too old, or was used.
        """
        ...

    async def set_password(self, user: User, password: str) -> None: ...


async def store_renewed(session: AsyncSession, user: User, hashed: str) -> None:
    """Replace the hash of the same password, unless there is another one by now."""
    same = update(User).where(User.id == user.id, User.hashed_password == user.hashed_password)
    await session.execute(same.values(hashed_password=hashed))
    user.hashed_password = hashed


MakeAccounts = Callable[[AsyncSession, Database, Post], Accounts]
"""A way to keep accounts puts one into the lifespan state, as `{"make_accounts": ...}`."""


async def get_accounts(
    request: Request, session: SessionDep, database: CurrentDatabase, post: PostDep
) -> Accounts:
    make = cast("MakeAccounts", request.state.make_accounts)
    return make(session, database, post)


AccountsDep = Annotated[Accounts, Depends(get_accounts)]
