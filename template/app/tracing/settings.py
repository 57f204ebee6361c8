import os
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from app.core.project import project
from app.core.settings import Settings


class TracingSettings(Settings):
    """The variables of OpenTelemetry that most services set; its SDK knows some more."""

    model_config = SettingsConfigDict(env_prefix="OTEL_")

    exporter_otlp_endpoint: str = Field(
        default="", description="Where traces go, such as http://localhost:4318; unset: nowhere."
    )
    exporter_otlp_traces_endpoint: str = Field(
        default="", description="The same for traces alone, with the path: .../v1/traces."
    )
    exporter_otlp_headers: SecretStr = Field(
        default=SecretStr(""), description="Sent with them, such as api-key=...,name=value."
    )
    exporter_otlp_protocol: Literal["http/protobuf"] = "http/protobuf"
    traces_exporter: Literal["otlp", "none"] = "otlp"
    traces_sampler: str = Field(
        default="parentbased_always_on",
        description="parentbased_traceidratio keeps the part given by OTEL_TRACES_SAMPLER_ARG.",
    )
    traces_sampler_arg: str = Field(default="", description="0.1 keeps one in ten.")
    service_name: str = Field(
        default_factory=lambda: project().name, description="Unset: the project's name."
    )

    @property
    def exports(self) -> bool:
        endpoint = self.exporter_otlp_endpoint or self.exporter_otlp_traces_endpoint
        return bool(endpoint) and self.traces_exporter == "otlp"

    def publish(self) -> None:
        """Put the values into the environment: the SDK reads neither `.env` nor secret files."""
        for field in type(self).model_fields:
            value = getattr(self, field)
            text = value.get_secret_value() if isinstance(value, SecretStr) else value
            if text:
                os.environ[self.variable(field)] = text
