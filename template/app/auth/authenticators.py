"""How a request proves who sent it: by an access token, or by a cookie."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from starlette.requests import HTTPConnection

from app.auth import tokens
from app.auth.cookies import cookie_name, refuse_other_sites
from app.auth.models import Session, SessionToken, User
from app.auth.sessions import ACCESS, digest, is_alive
from app.core.database.engine import Database
from app.core.database.models import now
from app.core.identity import Authenticator, Principal, Unauthenticated

NOTE_USE_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class LiveSession:
    """A log-in that counts, and what is to be known of its user."""

    user_id: UUID
    session_id: UUID
    roles: list[str]
    scopes: list[str] | None
    last_used_at: datetime


async def by_access_token(connection: HTTPConnection, database: Database) -> Principal | None:
    """The database is asked each time: who is locked out or logged out is so at once."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    log_in = await log_in_of_token(database, token.strip())
    if log_in is None:
        raise Unauthenticated("The access token is not valid, or not any more.")
    return principal_of(log_in)


async def by_cookie(connection: HTTPConnection, database: Database) -> Principal | None:
    secret = connection.cookies.get(cookie_name())
    if not secret:
        return None
    await refuse_other_sites(connection)
    log_in = await log_in_of_cookie(database, secret)
    if log_in is None:
        # A browser cannot drop an old cookie by itself: it counts as none.
        return None
    if now() - log_in.last_used_at > NOTE_USE_EVERY:
        await note_use(database, log_in.session_id)
    return principal_of(log_in)


async def log_in_of_token(database: Database, token: str) -> LiveSession | None:
    try:
        claims = tokens.read(ACCESS, token)
    except tokens.InvalidToken:
        return None
    mine = (Session.id == UUID(claims["sid"]), User.id == UUID(claims["sub"]))
    return await find(database, *mine, Session.is_cookie.is_(False))


async def log_in_of_cookie(database: Database, secret: str) -> LiveSession | None:
    owner = select(SessionToken.session_id).where(SessionToken.digest == digest(secret))
    return await find(database, Session.id.in_(owner), Session.is_cookie.is_(True))


async def find(database: Database, *conditions: ColumnElement[bool]) -> LiveSession | None:
    statement = (
        select(User.id, Session.id, User.roles, Session.scopes, Session.last_used_at)
        .join(User, User.id == Session.user_id)
        .where(*is_alive(), *conditions)
    )
    async with database.read.begin() as session:
        row = (await session.execute(statement)).one_or_none()
    return None if row is None else LiveSession(*row)


async def note_use(database: Database, session_id: UUID) -> None:
    async with database.write.begin() as session:
        used = update(Session).where(Session.id == session_id).values(last_used_at=now())
        await session.execute(used)


def principal_of(log_in: LiveSession) -> Principal:
    return Principal(
        id=str(log_in.user_id),
        roles=frozenset(log_in.roles),
        scopes=None if log_in.scopes is None else frozenset(log_in.scopes),
        session=str(log_in.session_id),
    )


access_token = Authenticator(
    name="password",
    scheme={
        "type": "oauth2",
        # Its scopes, the permissions of all routes, are filled in by `app.core.openapi`.
        "flows": {"password": {"tokenUrl": "/auth/token", "refreshUrl": "/auth/token"}},
    },
    authenticate=by_access_token,
)
cookie = Authenticator(
    name="cookie",
    scheme={
        "type": "apiKey",
        "in": "cookie",
        "name": "session",
        "description": "Set by /auth/cookie; `__Host-session` where deployed.",
    },
    authenticate=by_cookie,
)
