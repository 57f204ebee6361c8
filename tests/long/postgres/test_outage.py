"""The database goes away under a running service, and comes back."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.commands.database import migrate_to
from app.core.settings import forget_all
from app.features import FEATURES
from app.postgres.server import run_postgres
from tests.support import Start


@contextmanager
def found_at(address: str, server: str) -> Generator[None]:
    """Give the new server the address of the old one, as one that restarts keeps it."""
    Path(address).symlink_to(server)
    yield
    Path(address).unlink()


async def test_service_recovers_by_itself(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "postgres"
    with run_postgres(data, durable=True) as server:
        server.create_database("app")
        url, sockets = server.url("app"), server.sockets
        monkeypatch.setenv("DATABASE_URL", url)
        forget_all()
        await asyncio.to_thread(migrate_to, "head")
        running = start(*FEATURES, DATABASE_URL=url, HEALTH_TIMEOUT="1")
        client = await running.__aenter__()
        created = await client.post("/items", json={"name": "before"})

    away = await client.get("/items")
    ready = await client.get("/health/ready")
    live = await client.get("/health/live")

    with run_postgres(data, durable=True) as again, found_at(sockets, again.sockets):
        back = await client.get("/items")
        ready_again = await client.get("/health/ready")
        await running.__aexit__(None, None, None)

    assert away.status_code == 503
    assert away.json()["type"] == "urn:problem:database-unavailable"
    assert ready.status_code == 503
    assert live.status_code == 200
    assert back.json()["items"] == [created.json()]
    assert ready_again.status_code == 200
