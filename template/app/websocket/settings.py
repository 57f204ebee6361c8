from pydantic import Field
from pydantic_settings import SettingsConfigDict

from app.core.settings import Settings


class WebSocketSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="WEBSOCKET_")

    max_message_bytes: int = Field(default=8192, ge=256, description="What a client may send.")
    login_seconds: float = Field(
        default=10, gt=0, description="Time to log in or subscribe, for whoever has done neither."
    )
    send_seconds: float = Field(
        default=20, gt=0, description="Time for a client to take what is sent."
    )
