import pytest

from app.auth.settings import AuthSettings
from app.core.settings import StartupError, forget_all, load_all
from app.features import FEATURES


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AUTH_SECRETS", "change-me-and-this-is-long-enough-otherwise"),
        ("AUTH_SECRETS", "short"),
        ("AUTH_SECRETS", f"{'x' * 40},short"),
        ("AUTH_LINK_URL", "http://127.0.0.1:8000/{page}#token={token}"),
        ("MAIL_URL", "console://"),
        ("MAIL_URL", "smtp://user:password@mail.example.com"),
    ],
)
def test_deployed_start_refuses_what_is_unsafe(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    assert FEATURES
    monkeypatch.setenv("APP_ENVIRONMENT", "production")
    monkeypatch.setenv(variable, value)
    forget_all()

    with pytest.raises(StartupError, match=variable) as caught:
        load_all()

    assert "password@" not in str(caught.value)


def test_every_unsafe_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENVIRONMENT", "production")
    for variable, value in (("AUTH_SECRETS", "short"), ("MAIL_URL", "console://")):
        monkeypatch.setenv(variable, value)
    forget_all()

    with pytest.raises(StartupError, match=r"(?s)AUTH_SECRETS.*MAIL_URL|MAIL_URL.*AUTH_SECRETS"):
        load_all()


def test_unknown_kind_of_mail_server_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_URL", "pigeon://hunter2@loft")
    forget_all()

    with pytest.raises(StartupError, match="MAIL_URL") as caught:
        load_all()

    assert "hunter2" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    assert "only-for-tests" not in repr(AuthSettings.load())
