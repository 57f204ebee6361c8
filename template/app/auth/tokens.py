"""Signed tokens (JWT, RFC 7519, and RFC 8725 for how to check them)."""

import hashlib
from datetime import timedelta
from typing import Any

import jwt

from app.auth.settings import AuthSettings
from app.core.database.models import now
from app.core.problems import AppError
from app.core.project import project

ALGORITHM = "HS256"
REQUIRED = ["iss", "aud", "sub", "iat", "nbf", "exp"]


class InvalidToken(AppError):
    detail = "The token is not valid, or not any more."


def sign(purpose: str, subject: str, lifetime: timedelta, **claims: str) -> str:
    """Make a token that only `read` with the same purpose accepts."""
    settings = AuthSettings.load()
    key = settings.secrets[0].get_secret_value()
    moment = now()
    payload: dict[str, Any] = {
        "iss": project().name,
        "aud": f"{settings.audience}:{purpose}",
        "sub": subject,
        "iat": moment,
        "nbf": moment,
        "exp": moment + lifetime,
        **claims,
    }
    return jwt.encode(payload, key, ALGORITHM, headers={"kid": key_id(key)})


def read(purpose: str, token: str) -> dict[str, Any]:
    """Return the claims of a token.

    Raises:
        InvalidToken: it is malformed, not signed here, expired, or made for something else.
    """
    settings = AuthSettings.load()
    keys = {key_id(key): key for key in (s.get_secret_value() for s in settings.secrets)}
    try:
        key = keys[jwt.get_unverified_header(token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            # Never what the token itself says: it might say "none".
            algorithms=[ALGORITHM],
            issuer=project().name,
            audience=f"{settings.audience}:{purpose}",
            options={"require": REQUIRED},
        )
    except (jwt.PyJWTError, KeyError) as error:
        raise InvalidToken from error
    return claims


def key_id(key: str) -> str:
    """Name a key without telling it, so that keys can be replaced while their tokens live."""
    return hashlib.sha256(b"key id of " + key.encode()).hexdigest()[:8]
