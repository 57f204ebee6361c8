import pytest
import sentry_sdk
from fastapi import FastAPI

from app.core.project import project
from app.core.settings import StartupError, forget_all
from app.main import create_app
from app.sentry.client import lifespan
from tests.sentry.support import Event, serving


async def test_an_event_says_what_was_running(
    sentry: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_COMMIT", "abc123")
    forget_all()

    async with lifespan(FastAPI()):
        sentry_sdk.capture_message("hello")

    [event] = sentry
    assert event["environment"] == "test"
    assert event["release"] == f"{project().name}@{project().version}+abc123"


async def test_requests_can_be_timed(sentry: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_TRACES_SAMPLE_RATE", "1")
    forget_all()

    async with serving() as client:
        await client.get("/items?name_contains=hunter2")

    [timed] = sentry
    assert timed["type"] == "transaction"
    assert timed["transaction"] == "GET /items"
    assert timed["spans"][-1]["description"].startswith("SELECT")
    assert "hunter2" not in str(timed)


async def test_it_is_off_without_dsn() -> None:
    async with serving() as client:
        response = await client.post("/probe/broken/it", json={})

        assert response.status_code == 500
        assert not sentry_sdk.is_initialized()


def test_a_malformed_dsn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "hunter2")
    forget_all()

    with pytest.raises(StartupError, match="SENTRY_DSN") as refused:
        create_app()

    assert "hunter2" not in str(refused.value)
