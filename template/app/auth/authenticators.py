"""How a request proves who sent it: by an access token, or by a cookie."""

from contextlib import suppress
from datetime import timedelta
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


async def by_access_token(connection: HTTPConnection, database: Database) -> Principal | None:
    """The database is asked each time: who is locked out or logged out is so at once."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    with suppress(tokens.InvalidToken):
        claims = tokens.read(ACCESS, token.strip())
        mine = (Session.id == UUID(claims["sid"]), User.id == UUID(claims["sub"]))
        if principal := await find(database, *mine, Session.is_cookie.is_(False)):
            return principal
    raise Unauthenticated("The access token is not valid, or not any more.")


async def by_cookie(connection: HTTPConnection, database: Database) -> Principal | None:
    secret = connection.cookies.get(cookie_name())
    if not secret:
        return None
    await refuse_other_sites(connection)
    owner = select(SessionToken.session_id).where(SessionToken.digest == digest(secret))
    # A browser cannot drop an old cookie by itself: it counts as none.
    return await find(database, Session.id.in_(owner), Session.is_cookie.is_(True))


async def find(database: Database, *conditions: ColumnElement[bool]) -> Principal | None:
    statement = select(
        User.id, User.roles, Session.id, Session.scopes, Session.is_cookie, Session.last_used_at
    ).join(User, User.id == Session.user_id)
    async with database.read.begin() as session:
        row = (await session.execute(statement.where(*is_alive(), *conditions))).one_or_none()
    if row is None:
        return None
    user_id, roles, log_in, scopes, is_cookie, last_used_at = row
    # That of a token is noted when it is renewed.
    if is_cookie and now() - last_used_at > NOTE_USE_EVERY:
        async with database.write.begin() as session:
            used = update(Session).where(Session.id == log_in).values(last_used_at=now())
            await session.execute(used)
    return Principal(
        id=str(user_id),
        roles=frozenset(roles),
        scopes=None if scopes is None else frozenset(scopes),
        session=str(log_in),
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
