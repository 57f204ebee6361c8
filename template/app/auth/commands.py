"""`app auth …`: for who has the machine, and for the first administrator."""

from functools import partial
from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel, ValidationError
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.trail import record
from app.auth.models import Session, User
from app.auth.passwords import hash_password
from app.auth.schemas import EmailOnly, Registration
from app.commands.transaction import in_transaction
from app.core.database.models import now
from app.core.identity import ADMIN, USER
from app.core.settings import StartupError

commands = typer.Typer(no_args_is_help=True, help="Accounts.")

M = TypeVar("M", bound=BaseModel)
Address = Annotated[str, typer.Argument(metavar="EMAIL")]
Password = Annotated[str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True)]


@commands.command()
def create_admin(email: Address, password: Password) -> None:
    """Make an administrator, or make one of somebody whose address is confirmed."""
    data = valid(Registration, email=email, password=password)
    typer.echo(in_transaction(partial(make_admin, data=data)))


@commands.command("list")
def list_users() -> None:
    """List accounts."""
    for line in in_transaction(lines):
        typer.echo(line)


@commands.command()
def revoke(email: Address) -> None:
    """Lock an account, which ends its log-ins and keys at once."""
    typer.echo(in_transaction(partial(lock, email=valid(EmailOnly, email=email).email)))


async def make_admin(session: AsyncSession, data: Registration) -> str:
    email = data.email
    user = await find(session, email)
    if user is not None and user.is_verified:
        user.roles = sorted({*user.roles, ADMIN})
        user.is_active = True
        done = f"{email} had an account, with a password that stays: an administrator now."
    else:
        # Whoever made an unconfirmed account may have been somebody else, waiting for this:
        # it goes, and with it its password, log-ins and keys.
        if user is not None:
            await session.delete(user)
            await session.flush()
            record(session, None, "user.deleted", subject=user.id)
        hashed = await hash_password(data.password.get_secret_value())
        user = User(email=email, hashed_password=hashed, is_verified=True, roles=[ADMIN, USER])
        session.add(user)
        await session.flush()
        done = f"{email} is an administrator now."
    record(session, None, "user.changed", subject=user.id, roles=user.roles)
    return done


async def lines(session: AsyncSession) -> list[str]:
    users = await session.scalars(select(User).order_by(User.email))
    return [
        f"{user.email}  {','.join(user.roles)}  {'active' if user.is_active else 'locked'}"
        for user in users
    ]


async def lock(session: AsyncSession, email: str) -> str:
    user = await find(session, email)
    if user is None:
        raise StartupError(f"{email} has no account.")
    user.is_active = False
    mine = update(Session).where(Session.user_id == user.id, Session.ended_at.is_(None))
    ended = await session.scalars(mine.values(ended_at=now()).returning(Session.id))
    record(session, None, "user.changed", subject=user.id, is_active=False)
    if log_ins := [str(one) for one in ended]:
        record(session, None, "logout", subject=user.id, log_ins=log_ins)
    return f"{email} is locked."


async def find(session: AsyncSession, email: str) -> User | None:
    user: User | None = await session.scalar(select(User).where(User.email == email))
    return user


def valid(model: type[M], **given: str) -> M:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise StartupError(error.errors()[0]["msg"]) from None
