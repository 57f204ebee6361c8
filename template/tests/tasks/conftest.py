"""Tasks of the tests' own, in a database that commits."""

from collections.abc import AsyncGenerator, Iterator

import pytest

from app.core.database.engine import open_database
from app.core.database.settings import DatabaseSettings
from app.core.settings import forget_all
from app.tasks.declarations import KINDS
from tests.tasks.support import Work, declare_tasks


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No broker, unless a test names one; and no patience."""
    monkeypatch.setenv("TASKS_BROKER_URL", "memory://")
    monkeypatch.setenv("TASKS_RELAY_SECONDS", "0.05")
    monkeypatch.setenv("TASKS_RETRY_SECONDS", "0.01")
    monkeypatch.setenv("TASKS_LEASE_SECONDS", "0.6")
    monkeypatch.setenv("TASKS_RESEND_SECONDS", "0.2")
    forget_all()


@pytest.fixture(autouse=True)
def declared() -> Iterator[None]:
    """Tasks to try things with; they are gone after the test."""
    known = dict(KINDS)
    declare_tasks()
    yield
    KINDS.clear()
    KINDS.update(known)


@pytest.fixture
async def work(migrated_database: str) -> AsyncGenerator[Work]:
    """What enqueues and runs tasks, step by step."""
    assert migrated_database
    async with open_database(DatabaseSettings.load()) as database:
        yield Work(database)
