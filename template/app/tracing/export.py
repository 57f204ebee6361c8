"""Send the spans that FastAPI makes of requests, and ours of statements, by OTLP over HTTP."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from anyio.to_thread import run_sync
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from app.core.logging import MASK
from app.core.project import project
from app.core.settings import AppSettings
from app.tracing.settings import TracingSettings
from app.tracing.statements import trace_statements


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Export as long as the service runs, and at its end what is left."""
    settings = TracingSettings.load()
    if not settings.exports:
        yield
        return
    settings.publish()
    provider = TracerProvider(resource=describe_service(), shutdown_on_exit=False)
    provider.add_span_processor(MaskQueries())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    # From here on FastAPI finds it, for each request anew.
    trace.set_tracer_provider(provider)
    try:
        with trace_statements():
            yield
    finally:
        await run_sync(provider.shutdown)


class MaskQueries(SpanProcessor):
    """Keeps the names of a URL's parameters and hides their values, which may be secrets."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        del parent_context
        query = (span.attributes or {}).get("url.query")
        if query is not None:
            span.set_attribute("url.query", re.sub(r"(?<==)[^&]+", MASK, str(query)))


def describe_service() -> Resource:
    """Say what is running; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word."""
    known = {
        "service.version": project().version,
        "deployment.environment.name": AppSettings.load().environment.value,
        "vcs.ref.head.revision": AppSettings.load().commit,
    }
    return Resource.create({**known, **OTELResourceDetector().detect().attributes})
