import pytest

from app.core.settings import StartupError, forget_all
from app.tasks.broker import Broker
from app.tasks.settings import TaskSettings


def test_broker_is_needed_where_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENVIRONMENT", "production")
    forget_all()

    with pytest.raises(StartupError, match="TASKS_BROKER_URL"):
        TaskSettings.load()


def test_unknown_broker_is_refused_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKS_BROKER_URL", "sqs://key:hunter2@queue")
    forget_all()

    with pytest.raises(StartupError, match="TASKS_BROKER_URL") as refused:
        TaskSettings.load()

    assert "hunter2" not in str(refused.value)


def test_worker_needs_a_broker() -> None:
    with pytest.raises(StartupError, match="TASKS_BROKER_URL"):
        Broker(TaskSettings.load())
