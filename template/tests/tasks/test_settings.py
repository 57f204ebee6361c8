import pytest

from app.core.settings import StartupError, forget_all
from app.tasks.broker import Broker, checked
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


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("rediss://a/1", "rediss://a/1?ssl_cert_reqs=CERT_REQUIRED"),
        ("rediss://a/1?x=y", "rediss://a/1?x=y&ssl_cert_reqs=CERT_REQUIRED"),
        ("rediss://a/1?ssl_cert_reqs=CERT_NONE", "rediss://a/1?ssl_cert_reqs=CERT_NONE"),
        ("rediss://a;redis://b", "rediss://a?ssl_cert_reqs=CERT_REQUIRED;redis://b"),
    ],
)
def test_certificate_of_the_broker_is_checked(url: str, used: str) -> None:
    assert checked(url) == used
