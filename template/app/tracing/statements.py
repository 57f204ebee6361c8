"""A span for each SQL statement of a request, made from SQLAlchemy's own events.

OpenTelemetry's package for SQLAlchemy refuses 2.1 and has no types.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from opentelemetry.trace import SpanKind, StatusCode, get_current_span, get_tracer
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

SPAN = "tracing.span"
tracer = get_tracer("app.tracing")


@contextmanager
def trace_statements() -> Generator[None]:
    """Trace the statements of every engine, also of those that are open already."""
    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": start_span,
        "after_cursor_execute": end_span,
        "handle_error": fail_span,
    }
    for name, listener in listeners.items():
        event.listen(Engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(Engine, name, listener)


def start_span(connection: Connection, _: object, statement: str, *__: object) -> None:
    if not get_current_span().is_recording():
        return  # a statement of no request, or of one that is not sampled
    operation = statement.split(maxsplit=1)[0].upper()
    connection.info[SPAN] = tracer.start_span(
        operation,
        kind=SpanKind.CLIENT,
        attributes={
            "db.system.name": connection.dialect.name,
            "db.operation.name": operation,
            # With placeholders: the values are not part of it.
            "db.query.text": statement,
        },
    )


def end_span(connection: Connection, *_: object) -> None:
    span = connection.info.pop(SPAN, None)
    if span is not None:
        span.end()


def fail_span(context: ExceptionContext) -> None:
    span: Any = context.connection and context.connection.info.pop(SPAN, None)
    if span is not None:
        span.set_attribute("error.type", type(context.original_exception).__name__)
        span.set_status(StatusCode.ERROR)
        span.end()
