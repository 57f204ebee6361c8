"""What people try with tokens. RFC 8725 lists most of it."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from httpx2 import AsyncClient

from app.auth.models import User
from app.auth.settings import AuthSettings
from app.auth.tokens import key_id, sign
from app.core.settings import forget_all
from tests.auth.people import log_in, status_with


async def forged(client: AsyncClient, user: User, key: str = "", **changes: Any) -> dict[str, str]:  # noqa: ANN401
    """Return the claims of a real access token, changed and signed once more."""
    genuine = (await log_in(client, user.email))["access_token"]
    claims = jwt.decode(genuine, options={"verify_signature": False}) | changes
    key = key or AuthSettings.load().secrets[0].get_secret_value()
    known = key_id(AuthSettings.load().secrets[0].get_secret_value())
    claims = {name: value for name, value in claims.items() if value is not None}
    return {"access_token": jwt.encode(claims, key, "HS256", headers={"kid": known})}


async def test_token_signed_once_more_is_as_good(visitor: AsyncClient, ada: User) -> None:
    """The others are refused for what they change, and not for a mistake in this file."""
    assert await status_with(visitor, await forged(visitor, ada)) == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": datetime(2026, 1, 1, tzinfo=UTC)},
        {"nbf": datetime(2126, 1, 1, tzinfo=UTC)},
        {"exp": None},
        {"aud": "another:production:access"},
        {"aud": None},
        {"iss": "https://evil.example.com"},
        {"sub": "00000000-0000-4000-8000-000000000000"},
        {"sid": "00000000-0000-4000-8000-000000000000"},
    ],
    ids=str,
)
async def test_changed_claims_are_refused(
    visitor: AsyncClient, ada: User, changes: dict[str, Any]
) -> None:
    assert await status_with(visitor, await forged(visitor, ada, **changes)) == 401


async def test_wrong_key_is_refused(visitor: AsyncClient, ada: User) -> None:
    assert await status_with(visitor, await forged(visitor, ada, key="x" * 40)) == 401


async def test_token_without_a_signature_is_refused(visitor: AsyncClient, ada: User) -> None:
    genuine = (await log_in(visitor, ada.email))["access_token"]
    known = jwt.get_unverified_header(genuine)["kid"]
    for algorithm in ("none", "None", "HS512"):
        header = json.dumps({"alg": algorithm, "typ": "JWT", "kid": known}).encode()
        head = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
        payload, signature = genuine.split(".")[1:]
        for ending in ("", signature):
            stolen = {"access_token": f"{head}.{payload}.{ending}"}
            assert await status_with(visitor, stolen) == 401


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ä.ö.ü", "e30.e30.", "x" * 5000])
async def test_nonsense_is_refused(visitor: AsyncClient, token: str) -> None:
    headers = [(b"Authorization", f"Bearer {token}".encode())]

    response = await visitor.get("/users/me", headers=headers)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/problem+json"


async def test_token_of_another_environment_is_refused(
    visitor: AsyncClient, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = await log_in(visitor, ada.email)

    monkeypatch.setenv("APP_ENVIRONMENT", "development")
    forget_all()

    assert await status_with(visitor, tokens) == 401


async def test_token_for_something_else_is_refused(visitor: AsyncClient, ada: User) -> None:
    link = sign("verify", str(ada.id), timedelta(hours=1), sid=str(ada.id))

    assert await status_with(visitor, {"access_token": link}) == 401


async def test_keys_can_be_replaced_while_their_tokens_live(
    visitor: AsyncClient, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = AuthSettings.load().secrets[0].get_secret_value()
    tokens = await log_in(visitor, ada.email)

    monkeypatch.setenv("AUTH_SECRETS", f"{'n' * 40}, {old}")
    forget_all()
    newer = await log_in(visitor, ada.email)
    assert await status_with(visitor, tokens) == 200
    assert await status_with(visitor, newer) == 200

    monkeypatch.setenv("AUTH_SECRETS", "n" * 40)
    forget_all()
    assert await status_with(visitor, tokens) == 401
    assert await status_with(visitor, newer) == 200
