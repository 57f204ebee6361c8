from opentelemetry.trace import format_span_id, format_trace_id, get_current_span
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars


class TraceIds:
    """Names a request's span in its log lines, so that one finds the other."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        span = get_current_span().get_span_context()
        if span.is_valid:
            bind_contextvars(
                trace_id=format_trace_id(span.trace_id), span_id=format_span_id(span.span_id)
            )
        await self.app(scope, receive, send)
