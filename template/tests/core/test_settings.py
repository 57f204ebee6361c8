import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from app.core.database.settings import DatabaseSettings
from app.core.settings import (
    AppSettings,
    CorsSettings,
    Settings,
    StartupError,
    forget_all,
    load_all,
)
from app.features import FEATURES


def test_order_of_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app_commit").write_text("from-secret\n")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    assert AppSettings().commit == "from-secret"

    (tmp_path / "env").write_text("APP_COMMIT=from-file\n")
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "env"))
    assert AppSettings().commit == "from-file"

    monkeypatch.setenv("APP_COMMIT", "from-environment")
    assert AppSettings().commit == "from-environment"


def test_settings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = AppSettings.load()
    monkeypatch.setenv("APP_COMMIT", "later")

    assert AppSettings.load() is first


def test_broken_value_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_POOL_SIZE", "hunter2")
    forget_all()

    with pytest.raises(StartupError) as caught:
        DatabaseSettings.load()

    assert "DATABASE_POOL_SIZE: Input should be a valid integer" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_broken_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGS", "{")
    forget_all()

    with pytest.raises(StartupError, match="flags"):
        load_all()


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example, https://b.example,")
    forget_all()

    assert CorsSettings.load().origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize("environment", ["production", "staging"])
@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"APP_DEBUG": "true"}, "APP_DEBUG"),
        ({"CORS_ORIGINS": "*", "CORS_CREDENTIALS": "true"}, "CORS_ORIGINS"),
        ({"METRICS_TOKEN": "change-me"}, "METRICS_TOKEN"),
        ({"DATABASE_URL": "postgresql+asyncpg://app:change-me@db/app"}, "DATABASE_URL"),
        ({"DATABASE_URL": None}, "DATABASE_URL"),
    ],
)
def test_deployed_start_refuses_what_is_unsafe(
    monkeypatch: pytest.MonkeyPatch,
    environment: str,
    variables: dict[str, str | None],
    named: str,
) -> None:
    monkeypatch.setenv("APP_ENVIRONMENT", environment)
    for variable, value in variables.items():
        if value is None:
            monkeypatch.delenv(variable)
        else:
            monkeypatch.setenv(variable, value)
    forget_all()

    with pytest.raises(StartupError, match=named) as caught:
        load_all()

    assert f"APP_ENVIRONMENT={environment} refuses to start" in str(caught.value)


def test_the_same_is_accepted_while_developing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENVIRONMENT", "development")
    monkeypatch.setenv("APP_DEBUG", "true")
    monkeypatch.setenv("CORS_ORIGINS", "*")
    monkeypatch.setenv("CORS_CREDENTIALS", "true")
    forget_all()

    assert AppSettings.load().debug
    assert load_all()


def test_secret_of_a_feature_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class PaymentSettings(CorsSettings):  # not of `Settings` itself: `load_all` would meet it
        model_config = SettingsConfigDict(env_prefix="PAYMENT_")
        key: SecretStr = SecretStr("change-me")

    monkeypatch.setenv("APP_ENVIRONMENT", "production")
    forget_all()

    with pytest.raises(StartupError, match="PAYMENT_KEY still contains the placeholder"):
        PaymentSettings.load()


def test_env_example_lists_every_setting() -> None:
    assert FEATURES
    example = Path(".env.example").read_text(encoding="utf-8")
    listed = set(re.findall(r"^#? ?([A-Z0-9_]+)=", example, re.MULTILINE))
    known = {
        cls.variable(field)
        for cls in Settings.__subclasses__()
        if cls.__module__.startswith("app.")
        for field in cls.model_fields
    }

    assert known - listed == set()
