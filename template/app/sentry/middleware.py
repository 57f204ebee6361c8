"""The errors of requests, sent before the edge turns them into an answer."""

from functools import partial

import sentry_sdk
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import event_from_exception
from starlette.datastructures import URL, Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import get_contextvars

from app.core.requests import route_template

SENT_HEADERS = ("content-type", "user-agent")


class SentryScope:
    """Keeps what is recorded for one request apart from the others."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not sentry_sdk.is_initialized():
            await self.app(scope, receive, send)
            return
        with sentry_sdk.isolation_scope() as sentry:
            sentry.clear_breadcrumbs()
            sentry.add_event_processor(partial(describe, scope))
            with sentry_sdk.start_transaction(op=f"{scope['type']}.server"):
                try:
                    await self.app(scope, receive, send)
                except Exception as error:
                    capture(error)
                    raise


def capture(error: Exception) -> None:
    event, hint = event_from_exception(
        error,
        client_options=sentry_sdk.get_client().options,
        mechanism={"type": "asgi", "handled": False},
    )
    sentry_sdk.capture_event(event, hint)


def describe(scope: Scope, event: Event, _: Hint) -> Event:
    """Add which request it was: no body, no query string, no cookie, no address of the client."""
    method = scope.get("method", "WEBSOCKET")
    headers = Headers(scope=scope)
    event["transaction"] = f"{method} {route_template(scope)}"
    event["transaction_info"] = {"source": "route"}
    event["request"] = {
        "method": method,
        "url": str(URL(scope=scope).replace(query="")),
        "headers": {name: headers[name] for name in SENT_HEADERS if name in headers},
    }
    event.setdefault("tags", {})["request_id"] = get_contextvars().get("request_id", "")
    return event
