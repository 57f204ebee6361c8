"""An OAuth2 client that somebody else wrote, against the service as a process."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from app.core.database.engine import open_database
from app.core.database.settings import DatabaseSettings
from tests.auth.people import PASSWORD, make_user
from tests.process import Service, running


def client_of(service: Service) -> Any:  # noqa: ANN401  (the library has no types)
    library = import_module("authlib.integrations.requests_client")
    url = f"http://127.0.0.1:{service.port}"
    return library.OAuth2Session(
        token_endpoint=f"{url}/auth/token",
        token_endpoint_auth_method="none",
        revocation_endpoint_auth_method="none",
        default_timeout=10,
    )


async def test_client_logs_in_refreshes_and_is_refused_after_revocation(
    tmp_path: Path, migrated_database: str
) -> None:
    async with open_database(DatabaseSettings.load()) as database:
        await make_user(database, "ada@example.com")

    settings = {"DATABASE_URL": migrated_database}
    # What one process has answered to, each of the others knows.
    with running(tmp_path, **settings) as first_one, running(tmp_path, **settings) as service:
        url = f"http://127.0.0.1:{service.port}"
        client = client_of(first_one)
        first = client.fetch_token(username="ada@example.com", password=PASSWORD)
        assert client.get(f"{url}/users/me").json()["email"] == "ada@example.com"
        assert client.post(f"{url}/items", json={"name": "Desk lamp"}).status_code == 201
        assert [item["name"] for item in client.get(f"{url}/items").json()["items"]] == [
            "Desk lamp"
        ]

        second = client.refresh_token(f"http://127.0.0.1:{first_one.port}/auth/token")
        assert second["refresh_token"] != first["refresh_token"]
        assert client.get(f"{url}/users/me").status_code == 200

        assert client.revoke_token(f"{url}/auth/revoke", second["refresh_token"]).status_code == 200
        assert client.get(f"{url}/users/me").status_code == 401
        with pytest.raises(Exception, match="invalid_grant"):
            client.refresh_token(f"{url}/auth/token", second["refresh_token"])
        with pytest.raises(Exception, match="invalid_grant"):
            client.fetch_token(username="ada@example.com", password="wrong")
