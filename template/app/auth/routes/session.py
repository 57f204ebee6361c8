"""Log in, renew a log-in, see and end log-ins."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Form, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.auth.cookies import CrossSiteRequest, SameSite, delete_cookie, set_cookie
from app.auth.flows import AccountFlow
from app.auth.models import Session
from app.auth.schemas import Credentials, RevocationForm, SessionRead, TokenForm, Tokens
from app.auth.sessions import InvalidGrant, OAuthError, Opened, Sessions
from app.auth.settings import AuthSettings
from app.core.identity import FullyLoggedIn, LoggedIn, known_permissions
from app.core.problems import NotFound, responses
from app.core.ratelimit import TooManyRequests


class InvalidRequest(OAuthError):
    """Where other routes answer 422."""


class UnsupportedGrantType(OAuthError):
    """Another way to a token, which is not there."""


class InvalidScope(OAuthError):
    """A permission that is not there, or a renewal with others than its log-in has."""


class OAuthRoute(APIRoute):
    """Clients of OAuth2 look for `error`, whatever is wrong."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                first = error.errors()[0]
                if first["type"] == "literal_error":
                    raise UnsupportedGrantType("grant_type: password or refresh_token") from None
                raise InvalidRequest(f"{first['loc'][-1]}: {first['msg']}") from None

        return answer


class SessionNotFound(NotFound):
    detail = "You have no log-in with this id."


oauth = APIRouter(prefix="/auth", tags=["auth"], route_class=OAuthRoute)
router = APIRouter(prefix="/auth", tags=["auth"])


@oauth.post(
    "/token",
    response_model_exclude_none=True,
    responses=responses(
        InvalidGrant, InvalidRequest, InvalidScope, UnsupportedGrantType, TooManyRequests
    ),
)
async def create_token(
    form: Annotated[TokenForm, Form()],
    request: Request,
    response: Response,
    flow: AccountFlow,
    sessions: Sessions,
) -> Tokens:
    """Log in, or renew a log-in: the token endpoint of OAuth2 (RFC 6749)."""
    response.headers["Cache-Control"] = "no-store"
    if form.grant_type == "refresh_token":
        opened = await sessions.renew(form.refresh_token)
        if form.scope and set(form.scope.split()) != set(opened.session.scopes or ()):
            raise InvalidScope("A renewed log-in has the permissions that it had.")
        return tokens_of(opened)
    scopes = known_scopes(form.scope, request.app)
    password = form.password.get_secret_value()
    return tokens_of(await flow.log_in(form.username, password, cookie=False, scopes=scopes))


def known_scopes(scope: str, app: FastAPI) -> list[str] | None:
    scopes = set(scope.split())
    if unknown := scopes - known_permissions(app).keys():
        raise InvalidScope(f"There is no permission {', '.join(sorted(unknown))}.")
    return sorted(scopes) or None


def tokens_of(opened: Opened) -> Tokens:
    return Tokens(
        access_token=opened.access_token,
        expires_in=AuthSettings.load().access_minutes * 60,
        refresh_token=opened.secret,
        scope=" ".join(opened.session.scopes or ()) or None,
    )


@oauth.post("/revoke", responses=responses(InvalidRequest))
async def revoke_token(form: Annotated[RevocationForm, Form()], sessions: Sessions) -> None:
    """End the log-in that a refresh token belongs to (RFC 7009): 200, also for unknown ones."""
    await sessions.end_by_secret(form.token)


@router.post(
    "/cookie",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[SameSite],
    responses=responses(InvalidGrant, CrossSiteRequest, TooManyRequests),
)
async def create_cookie(data: Credentials, flow: AccountFlow, response: Response) -> None:
    """Log a browser in: the answer sets a cookie."""
    opened = await flow.log_in(data.email, data.password.get_secret_value(), cookie=True)
    set_cookie(response, opened.secret)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def log_out(principal: LoggedIn, sessions: Sessions, response: Response) -> None:
    """End this log-in."""
    await sessions.end(UUID(principal.id), Session.id == UUID(principal.session))
    delete_cookie(response)


@router.post("/logout-everywhere", status_code=status.HTTP_204_NO_CONTENT)
async def log_out_everywhere(
    principal: FullyLoggedIn, sessions: Sessions, response: Response
) -> None:
    """End every log-in of yours, this one too."""
    await sessions.end(UUID(principal.id))
    delete_cookie(response)


@router.get("/sessions")
async def list_sessions(principal: FullyLoggedIn, sessions: Sessions) -> list[SessionRead]:
    """List your log-ins, the one used last first."""
    found = [SessionRead.model_validate(one) for one in await sessions.all_of(UUID(principal.id))]
    return [
        one.model_copy(update={"is_current": str(one.id) == principal.session}) for one in found
    ]


@router.delete(
    "/sessions/{session_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(SessionNotFound),
)
async def end_session(principal: FullyLoggedIn, session_id: UUID, sessions: Sessions) -> None:
    """End one of your log-ins, on a lost device for example."""
    if not await sessions.end(UUID(principal.id), Session.id == session_id):
        raise SessionNotFound
