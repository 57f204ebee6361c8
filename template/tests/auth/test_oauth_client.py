"""An OAuth2 client that somebody else wrote, against the service on a port."""

import asyncio
from importlib import import_module
from typing import Any

import pytest

from app.core.database.engine import open_database
from app.core.database.settings import DatabaseSettings
from app.features import FEATURES
from tests.auth.people import PASSWORD, make_user
from tests.support import Serve


def client_of(url: str) -> Any:  # noqa: ANN401  (the library has no types)
    library = import_module("authlib.integrations.requests_client")
    return library.OAuth2Session(
        token_endpoint=f"{url}/auth/token",
        token_endpoint_auth_method="none",
        revocation_endpoint_auth_method="none",
        default_timeout=10,
    )


def live(one: str, other: str) -> None:
    """Ask two services in turn: what one has answered to, the other knows."""
    client = client_of(one)
    first = client.fetch_token(username="ada@example.com", password=PASSWORD)
    assert client.get(f"{other}/users/me").json()["email"] == "ada@example.com"
    assert client.post(f"{other}/items", json={"name": "Desk lamp"}).status_code == 201
    [item] = client.get(f"{other}/items").json()["items"]
    assert item["name"] == "Desk lamp"

    second = client.refresh_token(f"{one}/auth/token")
    assert second["refresh_token"] != first["refresh_token"]
    assert client.get(f"{other}/users/me").status_code == 200

    assert client.revoke_token(f"{other}/auth/revoke", second["refresh_token"]).status_code == 200
    assert client.get(f"{other}/users/me").status_code == 401
    with pytest.raises(Exception, match="invalid_grant"):
        client.refresh_token(f"{other}/auth/token", second["refresh_token"])
    with pytest.raises(Exception, match="invalid_grant"):
        client.fetch_token(username="ada@example.com", password="wrong")


async def test_client_logs_in_refreshes_and_is_refused_after_revocation(
    serve: Serve, migrated_database: str
) -> None:
    async with open_database(DatabaseSettings(url=migrated_database)) as database:
        await make_user(database, "ada@example.com")

    async with serve(*FEATURES) as one, serve(*FEATURES) as other:
        await asyncio.to_thread(live, one.url, other.url)
