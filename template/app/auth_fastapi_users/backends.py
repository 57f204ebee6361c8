"""The library's own way to log in and to ask who somebody is, on the log-ins of `app.auth`.

For its OAuth routers, and for routes written for `fastapi_users.current_user()`.
"""

from typing import Any, cast
from uuid import UUID

from fastapi import Response
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyCookie
from fastapi_users import BaseUserManager, FastAPIUsers
from fastapi_users.authentication import (
    AuthenticationBackend,
    BearerTransport,
    CookieTransport,
    Strategy,
)
from starlette.requests import HTTPConnection

from app.auth.cookies import cookie_name, delete_cookie, set_cookie
from app.auth.flows import obstacle
from app.auth.models import Session, User
from app.auth.routes.session import tokens_of
from app.auth.sessions import InvalidGrant, Opened, Sessions
from app.auth_fastapi_users.manager import get_user_manager
from app.core.database.session import CurrentDatabase
from app.core.dependencies import inline
from app.core.identity import Principal, get_principal


class SessionStrategy(Strategy[Any, UUID]):
    def __init__(self, sessions: Sessions, database: CurrentDatabase) -> None:
        self.sessions = sessions
        self.database = database

    async def write_token(self, user: User) -> str:
        return (await self.open(user, cookie=False)).access_token

    async def open(self, user: User, *, cookie: bool) -> Opened:
        if obstacle(user):
            raise InvalidGrant("The account is locked, or its address is not confirmed.")
        return await self.sessions.open(user, cookie=cookie)

    async def read_token(
        self, token: str | None, user_manager: BaseUserManager[Any, UUID]
    ) -> User | None:
        del token, user_manager  # the manager would hold the user's row until the answer
        principal = await self.principal()
        # The library's routes ask for no permissions: who has only some is nobody there.
        if principal.session is None or principal.scopes is not None:
            return None
        return await self.sessions.session.get(User, UUID(principal.id))

    async def destroy_token(self, token: str, user: User) -> None:
        del token
        session_id = UUID((await self.principal()).session)
        await self.sessions.end(user.id, Session.id == session_id)

    async def principal(self) -> Principal:
        """Return who it is to all other routes, too."""
        return await get_principal(self.sessions.audit.request, self.database)


class CookieStrategy(SessionStrategy):
    async def write_token(self, user: User) -> str:
        return (await self.open(user, cookie=True)).secret


class TokenBackend(AuthenticationBackend[Any, UUID]):
    """Answers a log-in as `/auth/token` does, with a refresh token beside the access token."""

    async def login(self, strategy: Strategy[Any, UUID], user: User) -> Response:
        opened = await cast("SessionStrategy", strategy).open(user, cookie=False)
        answer = tokens_of(opened).model_dump(exclude_none=True)
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})


class SessionCookie(APIKeyCookie):
    async def __call__(self, request: HTTPConnection) -> str | None:
        return request.cookies.get(cookie_name())


class BrowserTransport(CookieTransport):
    """Sets the same cookie as `/auth/cookie`."""

    def __init__(self) -> None:
        super().__init__()
        self.scheme = SessionCookie(name="session", auto_error=False)

    async def get_login_response(self, token: str) -> Response:
        response = Response(status_code=204)
        set_cookie(response, token)
        return response

    async def get_logout_response(self) -> Response:
        response = Response(status_code=204)
        delete_cookie(response)
        return response


bearer_backend = TokenBackend("bearer", BearerTransport("auth/token"), inline(SessionStrategy))
cookie_backend: AuthenticationBackend[Any, UUID] = AuthenticationBackend(
    "cookie", BrowserTransport(), inline(CookieStrategy)
)
fastapi_users = FastAPIUsers[Any, UUID](get_user_manager, [bearer_backend, cookie_backend])
