from pydantic import Field
from pydantic_settings import SettingsConfigDict

from app.core.settings import Settings

BLOCK = 5.0
"""Seconds that Redis may let the reader of events wait for news."""


class RealtimeSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="REALTIME_")

    history: int = Field(default=5_000, ge=100, description="Events kept for those who come back.")
    queue: int = Field(default=256, ge=1, description="Events that may wait for a slow listener.")
    max_event_bytes: int = Field(default=32_768, ge=256, description="Larger ones lose their data.")
    max_connections: int = Field(default=5_000, ge=1, description="In each process.")
    max_connections_each: int = Field(
        default=20, ge=1, description="Of one principal, or of one address where nobody logs in."
    )
    max_seconds: float = Field(
        default=600, gt=0, description="Life of a connection; then the client connects again."
    )
    check_seconds: float = Field(
        default=20, gt=0, description="How often a connection is looked at, or is quiet."
    )
