from collections.abc import Iterator

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from sqlalchemy import URL, make_url

from app.core.settings import Settings


class DatabaseSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="DATABASE_")

    url: str = Field(
        default="sqlite+aiosqlite:///app.db",
        repr=False,
        description="postgresql+asyncpg://user:password@host/name or sqlite+aiosqlite:///file",
    )
    pool_size: int = Field(default=10, ge=1, description="Connections kept open, per process.")
    max_overflow: int = Field(default=10, ge=0, description="More of them under load.")
    pool_timeout: float = Field(default=10, gt=0, description="Seconds to wait for a free one.")
    pool_recycle: int = Field(default=1800, ge=-1, description="Seconds until one is replaced.")
    connect_timeout: float = Field(default=5, gt=0, description="Seconds.")
    statement_timeout: float = Field(default=30, gt=0, description="Seconds; SQLite: for a lock.")
    start_timeout: float = Field(default=30, ge=0, description="Seconds to wait at the start.")

    @property
    def parsed_url(self) -> URL:
        return make_url(self.url)

    @property
    def is_sqlite(self) -> bool:
        return self.parsed_url.get_backend_name() == "sqlite"

    def unsafe(self) -> Iterator[str]:
        yield from super().unsafe()
        if "url" not in self.model_fields_set:
            yield "set DATABASE_URL: the default is a file for development"
