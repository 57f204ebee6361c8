from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode, SettingsConfigDict

from app.core.project import project
from app.core.settings import PLACEHOLDER, AppSettings, Settings, split_commas

MIN_SECRET_BYTES = 32  # RFC 7518, section 3.2: a key at least as long as the hash


class AuthSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="AUTH_")

    secrets: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(split_commas)] = Field(
        default=(SecretStr(f"{PLACEHOLDER}-this-is-for-development-only"),),
        min_length=1,
        description="Keys of tokens: the first signs, the others are still believed.",
    )
    access_minutes: int = Field(default=10, ge=1, le=60, description="Life of an access token.")
    session_days: int = Field(default=30, ge=1, le=365, description="Life of a log-in.")
    link_hours: int = Field(default=24, ge=1, description="Life of a link in a mail.")
    registration: bool = Field(default=True, description="Let strangers make accounts.")
    require_verified: bool | None = Field(
        default=None, description="Log in only with a confirmed e-mail; unset: where deployed."
    )
    min_password_length: int = Field(default=10, ge=8, le=64)
    link_url: str = Field(
        default="http://127.0.0.1:8000/{page}#token={token}",
        description="Links in mails; {page} is verify or reset-password.",
    )
    hashing_threads: int = Field(
        default=2, ge=1, le=64, description="Passwords hashed at once; each takes 46 MiB."
    )

    @property
    def secure_cookies(self) -> bool:
        return AppSettings.load().environment.deployed

    @property
    def verified_only(self) -> bool:
        if self.require_verified is None:
            return AppSettings.load().environment.deployed
        return self.require_verified

    @property
    def audience(self) -> str:
        """A token of one environment means nothing in another, even if both share a key."""
        return f"{project().name}:{AppSettings.load().environment}"

    def link(self, page: str, token: str) -> str:
        return self.link_url.replace("{page}", page).replace("{token}", token)

    def unsafe(self) -> Iterator[str]:
        yield from super().unsafe()
        secrets = [secret.get_secret_value() for secret in self.secrets]
        if any(PLACEHOLDER in one or len(one.encode()) < MIN_SECRET_BYTES for one in secrets):
            yield "set AUTH_SECRETS to the output of: openssl rand -base64 48"
        if "127.0.0.1" in self.link_url:
            yield "set AUTH_LINK_URL to the page that people open from their mail"
