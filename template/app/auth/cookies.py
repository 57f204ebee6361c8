"""The log-in of browsers: a cookie that scripts cannot read and other sites cannot use."""

from http import HTTPStatus
from typing import ClassVar

from fastapi import Depends, Response
from starlette.requests import HTTPConnection

from app.auth.settings import AuthSettings
from app.core.problems import AppError
from app.core.requests import SAFE_METHODS, is_foreign
from app.core.settings import CorsSettings


class CrossSiteRequest(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN
    detail = "Requests with a cookie must come from this site or one in CORS_ORIGINS."


def cookie_name() -> str:
    # The prefix lets browsers take it only over TLS, for all paths, from this very host.
    return "__Host-session" if AuthSettings.load().secure_cookies else "session"


def set_cookie(response: Response, secret: str) -> None:
    settings = AuthSettings.load()
    response.set_cookie(
        cookie_name(),
        secret,
        max_age=settings.session_days * 24 * 3600,
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def delete_cookie(response: Response) -> None:
    secure = AuthSettings.load().secure_cookies
    response.delete_cookie(cookie_name(), secure=secure, httponly=True, samesite="lax")


async def refuse_other_sites(connection: HTTPConnection) -> None:
    """Refuse what a page of another site could have sent with our cookie.

    Browsers say where a request comes from (https://fetch.spec.whatwg.org/#origin-header and
    https://w3c.github.io/webappsec-fetch-metadata/), and no page can change that. Reading is
    harmless: the other page does not see the answer. A WebSocket is read and written.

    Raises:
        CrossSiteRequest: it comes from elsewhere, or does not say.
    """
    if connection.scope["type"] == "http" and connection.scope["method"] in SAFE_METHODS:
        return
    cors = CorsSettings.load()
    origin = connection.headers.get("origin")
    if origin is None:
        allowed = connection.headers.get("sec-fetch-site") == "same-origin"
    else:
        allowed = not is_foreign(connection, cors.origins if cors.credentials else ())
    if not allowed:
        raise CrossSiteRequest


SameSite = Depends(refuse_other_sites)
