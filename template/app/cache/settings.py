from pydantic import Field
from pydantic_settings import SettingsConfigDict

from app.core.settings import Settings


class CacheSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="CACHE_")

    enabled: bool = Field(default=True, description="Without it, nothing is kept.")
    max_bytes: int = Field(
        default=33_554_432, ge=0, description="In each process, where REDIS_URL is not set."
    )
