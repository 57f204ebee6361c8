"""The endpoints of OAuth2: get tokens, renew them, give them back."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, cast

from fastapi import APIRouter, FastAPI, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.auth.login import LogIn
from app.auth.schemas import RevocationForm, TokenForm, Tokens
from app.auth.sessions import InvalidGrant, Opened, Sessions
from app.auth.settings import AuthSettings
from app.core.identity import known_permissions
from app.core.problems import AppError, responses
from app.core.ratelimit import TooManyRequests


class InvalidRequest(AppError):
    """RFC 6749, section 5.2: where other routes answer 422."""

    def __init__(self, first: dict[str, Any]) -> None:
        where = ".".join(map(str, first["loc"]))
        unknown = where == "body.grant_type" and first["type"] == "literal_error"
        error = "unsupported_grant_type" if unknown else "invalid_request"
        detail = f"{where}: {first['msg']}"
        super().__init__(detail, members={"error": error, "error_description": detail})


class InvalidScope(AppError):
    """RFC 6749, section 5.2."""

    def __init__(self, unknown: set[str]) -> None:
        detail = f"There is no permission {', '.join(sorted(unknown))}."
        super().__init__(detail, members={"error": "invalid_scope", "error_description": detail})


class OAuthRoute(APIRoute):
    """Clients of OAuth2 look for `error`, whatever is wrong."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise InvalidRequest(error.errors()[0]) from None

        return answer


router = APIRouter(prefix="/auth", tags=["auth"], route_class=OAuthRoute)


@router.post(
    "/token",
    response_model_exclude_none=True,
    responses=responses(InvalidGrant, InvalidRequest, InvalidScope, TooManyRequests),
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


@router.post("/revoke", responses=responses(InvalidRequest))
async def revoke_token(form: Annotated[RevocationForm, Form()], sessions: Sessions) -> None:
    """End the log-in that a refresh token belongs to (RFC 7009): 200, also for unknown ones."""
    await sessions.end_by_secret(form.token)
