from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from app.core.settings import Settings

SCHEMES = ("console", "smtp", "smtp+starttls", "smtps", "discard")


class MailSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="MAIL_")

    url: SecretStr = Field(
        default=SecretStr("console://"),
        description="smtps://user:password@host:465, smtp+starttls://…, smtp://… (not encrypted), "
        "console:// prints mails, discard:// sends none.",
    )
    sender: str = Field(default="no-reply@example.com", description="Address in From.")
    timeout: float = Field(default=10, gt=0, description="Seconds to wait for the server.")

    @field_validator("url")
    @classmethod
    def known(cls, url: SecretStr) -> SecretStr:
        parts = urlsplit(url.get_secret_value())
        # `port` raises ValueError for what is no number.
        complete = parts.hostname and (parts.port is None or parts.port > 0)
        if parts.scheme not in SCHEMES or (parts.scheme.startswith("smtp") and not complete):
            raise ValueError(f"must begin with one of {', '.join(f'{one}://' for one in SCHEMES)}")
        return url

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url.get_secret_value())

    def unsafe(self) -> Iterator[str]:
        yield from super().unsafe()
        if self.parts.scheme == "console":
            yield "set MAIL_URL to a mail server: the links in mails would be printed"
        if self.parts.scheme.startswith("smtp") and self.sender.endswith("@example.com"):
            yield "set MAIL_SENDER to an address of yours"
        if self.parts.scheme == "smtp" and self.parts.password:
            yield "set MAIL_URL to smtps:// or smtp+starttls://: the password would be readable"
