"""Settings: one class per feature, read once from the environment, `.env` and secret files."""

import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self, cast

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

PLACEHOLDER = "change-me"


class StartupError(SystemExit):
    """The service cannot start. The message is printed as it is; the exit code is 1."""


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"

    @property
    def deployed(self) -> bool:
        """Whether strangers can reach it: then the unsafe settings are refused."""
        return self in {Environment.STAGING, Environment.PRODUCTION}


def split_commas(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_commas)]


class Settings(BaseSettings):
    """Base of every settings class. A subclass sets its `env_prefix` and adds fields.

    A value comes from, in this order: the environment, the file `.env` (another one with
    `ENV_FILE`), and a file named like the variable in `/run/secrets` (or `SECRETS_DIR`).
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    def __init__(self, **values: Any) -> None:  # noqa: ANN401  (as in pydantic)
        # Here and not in the configuration, which would be fixed at import.
        secrets = Path(os.environ.get("SECRETS_DIR", "/run/secrets"))
        super().__init__(
            _env_file=os.environ.get("ENV_FILE", ".env"),
            _secrets_dir=secrets if secrets.is_dir() else None,
            **values,
        )

    @classmethod
    def load(cls) -> Self:
        """Return the settings, read and validated on the first call.

        Raises:
            StartupError: a value is missing, malformed, or unsafe where the service is deployed;
                the message names each variable.
        """
        if cls not in _loaded:
            _loaded[cls] = cls._read()
        return cast("Self", _loaded[cls])

    @classmethod
    def variable(cls, field: str) -> str:
        """Return the name of the environment variable that sets a field."""
        return f"{cls.model_config.get('env_prefix', '')}{field}".upper()

    def unsafe(self) -> Iterator[str]:
        """Yield the reasons not to run deployed, each naming the variable to change."""
        for field in type(self).model_fields:
            value = getattr(self, field)
            text = value.get_secret_value() if isinstance(value, SecretStr) else value
            if isinstance(text, str) and PLACEHOLDER in text:
                yield f"{self.variable(field)} still contains the placeholder {PLACEHOLDER!r}"

    @classmethod
    def _read(cls) -> Self:
        try:
            settings = cls()
        except ValidationError as error:
            problems = [
                f"{cls.variable('__'.join(map(str, detail['loc'])))}: {detail['msg']}"
                for detail in error.errors(include_input=False, include_url=False)
            ]
            raise _refused("The settings are not valid", problems) from None
        except SettingsError as error:
            raise _refused("The settings cannot be read", [str(error)]) from None
        app = settings if isinstance(settings, AppSettings) else AppSettings.load()
        problems = list(settings.unsafe()) if app.environment.deployed else []
        if problems:
            raise _refused(f"APP_ENVIRONMENT={app.environment} refuses to start", problems)
        return settings


_loaded: dict[type[Settings], Settings] = {}


def load_all() -> list[Settings]:
    """Read every settings class that is imported, so that all mistakes show at the start.

    Raises:
        StartupError: one or more cannot be used; the message names each variable.
    """
    loaded: list[Settings] = []
    refused: list[str] = []
    for cls in Settings.__subclasses__():
        try:
            loaded.append(cls.load())
        except StartupError as error:
            refused.append(str(error))
    if refused:
        # Each begins with a line of its own, which is the same for all that are unsafe.
        lines = "\n".join(refused).splitlines()
        raise StartupError("\n".join(dict.fromkeys(lines)))
    return loaded


def forget_all() -> None:
    """Have all of them read again, for tests and for `app dev`."""
    _loaded.clear()


def _refused(summary: str, problems: list[str]) -> StartupError:
    return StartupError("\n  ".join([f"{summary}:", *problems]))


class AppSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="APP_")

    environment: Environment = Environment.DEVELOPMENT
    debug: bool = Field(default=False, description="Log more, and put reasons in a 500.")
    commit: str = Field(default="unknown", description="The commit that was built.")
    docs: bool | None = Field(default=None, description="Serve /docs; unset: not in production.")
    hosts: CommaSeparated = Field(default=("*",), description="Accepted Host headers.")
    https_redirect: bool = False
    max_body_bytes: int = Field(default=1_048_576, ge=1)

    @property
    def serves_docs(self) -> bool:
        return self.environment is not Environment.PRODUCTION if self.docs is None else self.docs

    def unsafe(self) -> Iterator[str]:
        yield from super().unsafe()
        if self.debug:
            yield "set APP_DEBUG=false: debug answers show internals"


class CorsSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="CORS_")

    origins: CommaSeparated = Field(default=(), description="Origins whose scripts may call.")
    credentials: bool = Field(default=False, description="Let those scripts send cookies.")

    def unsafe(self) -> Iterator[str]:
        yield from super().unsafe()
        if self.credentials and "*" in self.origins:
            yield "set CORS_ORIGINS to the real origins: with CORS_CREDENTIALS, '*' opens to all"


class FlagSettings(Settings):
    """`FLAGS='{"bulk-import": true, "new-search": 25}'`: on for all, or for 25 % of principals."""

    model_config = SettingsConfigDict(env_prefix="")

    flags: dict[str, bool | Annotated[int, Field(ge=0, le=100)]] = Field(
        default_factory=dict, description="JSON: for each flag true, false or a share in percent."
    )
