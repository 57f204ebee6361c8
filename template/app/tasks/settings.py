from collections.abc import Iterator

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from app.core.project import project
from app.core.settings import Settings


class TaskSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="TASKS_")

    broker_url: str = Field(
        default="memory://",
        repr=False,
        pattern="^(amqps?|rediss?|memory)://",
        description="redis://host:6379/1 or amqp://user:password@host//; memory:// needs no "
        "worker: tasks run in the process that serves.",
    )
    namespace: str = Field(
        default_factory=lambda: project().name,
        pattern="^[A-Za-z0-9_-]{1,64}$",
        description="In front of the names of queues, where services share a broker.",
    )
    relay_seconds: float = Field(default=5, gt=0, description="At most, between two looks.")
    lease_seconds: float = Field(default=30, gt=0, description="Until a silent worker is dead.")
    resend_seconds: float = Field(default=300, gt=0, description="Until a message is lost.")
    retry_seconds: float = Field(default=5, gt=0, description="About, before the first retry.")
    keep_days: int = Field(default=30, ge=1, description="Finished tasks are kept so long.")
    metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="Where a worker shows /metrics; unset: nowhere."
    )

    @property
    def has_broker(self) -> bool:
        return not self.broker_url.startswith("memory:")

    def unsafe(self) -> Iterator[str]:
        yield from super().unsafe()
        if not self.has_broker:
            yield "set TASKS_BROKER_URL to a broker: without one, the API itself runs the tasks"
