"""Log in, renew a log-in, see and end log-ins."""

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, FastAPI, Form, Request, Response, status

from app.auth.cookies import CrossSiteRequest, SameSite, delete_cookie, set_cookie
from app.auth.login import LogIn
from app.auth.schemas import Credentials, RevocationForm, SessionRead, TokenForm, Tokens
from app.auth.sessions import InvalidGrant, Opened, Sessions
from app.auth.settings import AuthSettings
from app.core.identity import LoggedIn, known_permissions
from app.core.problems import AppError, NotFound, responses
from app.core.ratelimit import TooManyRequests

router = APIRouter(prefix="/auth", tags=["auth"])


class InvalidScope(AppError):
    """RFC 6749, section 5.2."""

    def __init__(self, unknown: set[str]) -> None:
        detail = f"There is no permission {', '.join(sorted(unknown))}."
        super().__init__(detail, members={"error": "invalid_scope", "error_description": detail})


class SessionNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("You have no log-in with this id.")


@router.post(
    "/token",
    response_model_exclude_none=True,
    responses=responses(InvalidGrant, InvalidScope, TooManyRequests),
)
async def create_token(
    form: Annotated[TokenForm, Form()],
    request: Request,
    response: Response,
    log_in: LogIn,
    sessions: Sessions,
) -> Tokens:
    """Log in, or renew a log-in: the token endpoint of OAuth2 (RFC 6749)."""
    response.headers["Cache-Control"] = "no-store"
    if form.grant_type == "refresh_token":
        return tokens_of(await sessions.renew(form.refresh_token))
    scopes = known_scopes(form.scope, cast("FastAPI", request.app))
    password = form.password.get_secret_value()
    return tokens_of(await log_in.open(form.username, password, cookie=False, scopes=scopes))


def known_scopes(scope: str, app: FastAPI) -> list[str] | None:
    if not scope.split():
        return None
    scopes = set(scope.split())
    if unknown := scopes - known_permissions(app).keys():
        raise InvalidScope(unknown)
    return sorted(scopes)


def tokens_of(opened: Opened) -> Tokens:
    scopes = opened.session.scopes
    return Tokens(
        access_token=opened.access_token,
        expires_in=AuthSettings.load().access_minutes * 60,
        refresh_token=opened.secret,
        scope=None if scopes is None else " ".join(scopes),
    )


@router.post("/revoke")
async def revoke_token(form: Annotated[RevocationForm, Form()], sessions: Sessions) -> None:
    """End the log-in that a refresh token belongs to (RFC 7009): 200, also for unknown ones."""
    await sessions.end_by_secret(form.token)


@router.post(
    "/cookie",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[SameSite],
    responses=responses(InvalidGrant, CrossSiteRequest, TooManyRequests),
)
async def create_cookie(data: Credentials, log_in: LogIn, response: Response) -> None:
    """Log a browser in: the answer sets a cookie."""
    opened = await log_in.open(data.email, data.password.get_secret_value(), cookie=True)
    set_cookie(response, opened.secret)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def log_out(principal: LoggedIn, sessions: Sessions, response: Response) -> None:
    """End this log-in."""
    await sessions.end(UUID(principal.id), UUID(principal.session))
    delete_cookie(response)


@router.post("/logout-everywhere", status_code=status.HTTP_204_NO_CONTENT)
async def log_out_everywhere(principal: LoggedIn, sessions: Sessions, response: Response) -> None:
    """End every log-in of yours, this one too."""
    await sessions.end_all(UUID(principal.id))
    delete_cookie(response)


@router.get("/sessions")
async def list_sessions(principal: LoggedIn, sessions: Sessions) -> list[SessionRead]:
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
async def end_session(principal: LoggedIn, session_id: UUID, sessions: Sessions) -> None:
    """End one of your log-ins, on a lost device for example."""
    if not await sessions.end(UUID(principal.id), session_id):
        raise SessionNotFound
