from collections.abc import Generator

import pytest

from app.core.settings import forget_all
from tests.sentry.support import Event, receiving


@pytest.fixture
def sentry(monkeypatch: pytest.MonkeyPatch) -> Generator[list[Event]]:
    """The events that arrive at the project's Sentry."""
    events: list[Event] = []
    with receiving(events) as dsn:
        monkeypatch.setenv("SENTRY_DSN", dsn)
        forget_all()
        yield events
