from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict
from sentry_sdk.utils import Dsn

from app.core.settings import Settings


def check_dsn(dsn: SecretStr) -> SecretStr:
    if dsn:
        Dsn(dsn.get_secret_value())
    return dsn


class SentrySettings(Settings):
    model_config = SettingsConfigDict(env_prefix="SENTRY_")

    dsn: Annotated[SecretStr, AfterValidator(check_dsn)] = Field(
        default=SecretStr(""), description="Client key (DSN) of the Sentry project; unset: off."
    )
    traces_sample_rate: float = Field(
        default=0, ge=0, le=1, description="Part of the requests that are timed: 0.1 is a tenth."
    )
