"""The outermost layer: request id, access log, metrics, security headers, unexpected errors.

One pure ASGI wrapper instead of a stack of middleware: each layer costs on every request.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter

import structlog
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from app.core.logging import request_logger
from app.core.metrics import observe_request
from app.core.problems import problem_response
from app.core.requests import is_quiet, request_id_of, route_template
from app.core.settings import AppSettings, StartupError

SEND_TIMEOUT = 30.0  # seconds
CLIENT_CLOSED_REQUEST = 499  # nginx's number for a client that left before the answer

SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
CONTENT_SECURITY_POLICY = b"default-src 'none'; frame-ancestors 'none'"
OF_THE_BODY = {b"content-type", b"content-length", b"content-encoding"}
STRICT_TRANSPORT_SECURITY = b"max-age=31536000; includeSubDomains"

RawHeaders = list[tuple[bytes, bytes]]

log = structlog.get_logger()


class Edge:
    """Wraps the application.

    Args:
        headers: added to every answer, besides the security headers.
        around_errors: layers that the answer to an unexpected error goes through, as others do.
    """

    def __init__(
        self, app: ASGIApp, headers: RawHeaders, around_errors: Sequence[Middleware] = ()
    ) -> None:
        self.app = app
        self.around_errors = around_errors
        self.headers = [*SECURITY_HEADERS, *headers]
        self.log_request = request_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, shorten_failures(send))
            return
        request_id = request_id_of(scope)
        bind_contextvars(request_id=request_id)
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        headers = [*self.headers, (b"x-request-id", request_id.encode())]
        await Exchange(self, scope, receive, send, headers).run()


@dataclass(slots=True)
class Exchange:
    """One request and its answer."""

    edge: Edge
    scope: Scope
    receive: Receive
    pass_on: Send
    headers: RawHeaders
    status: int = CLIENT_CLOSED_REQUEST
    started: bool = False
    replaced: bool = False

    async def run(self) -> None:
        begin = perf_counter()
        try:
            await self.edge.app(self.scope, self.receive, self.send)
        except ClientDisconnect:
            log.debug("client left before its request was read")
        except Exception as error:
            if self.started:
                raise  # too late for an answer: the server closes the connection
            log.exception("unexpected error")
            detail = f"{type(error).__name__}: {error}" if AppSettings.load().debug else None
            answer: ASGIApp = problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, detail=detail)
            for cls, arguments, options in self.edge.around_errors:
                answer = cls(answer, *arguments, **options)
            await answer(self.scope, self.receive, self.send)
        finally:
            self.record(perf_counter() - begin)

    async def send(self, message: Message) -> None:
        if self.replaced:
            return
        if message["type"] == "http.response.start":
            await self.start(message)
        else:
            await (self.send_part if message.get("more_body") else self.pass_on)(message)

    async def send_part(self, message: Message) -> None:
        """Send a part of a stream; a client that takes none for a while counts as gone."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await self.pass_on(message)
        except TimeoutError as error:
            raise ClientDisconnect from error

    async def start(self, message: Message) -> None:
        self.status = message["status"]
        headers = message.setdefault("headers", [])
        if self.status >= HTTPStatus.BAD_REQUEST and is_plain_text(headers):
            # An error of Starlette's own middleware: it becomes a problem like all others.
            problem = problem_response(self.status)
            problem.raw_headers += [field for field in headers if field[0] not in OF_THE_BODY]
            await problem(self.scope, self.receive, self.send)
            self.replaced = True
            return
        self.add_headers(headers)
        self.started = True
        await self.pass_on(message)

    def add_headers(self, headers: RawHeaders) -> None:
        if not any(name == b"content-security-policy" for name, _ in headers):
            headers.append((b"content-security-policy", CONTENT_SECURITY_POLICY))
        headers.extend(self.headers)
        if self.scope["scheme"] == "https":
            headers.append((b"strict-transport-security", STRICT_TRANSPORT_SECURITY))

    def record(self, seconds: float) -> None:
        method, path, client = self.scope["method"], self.scope["path"], self.scope["client"]
        route = route_template(self.scope)
        observe_request(method, route, self.status, seconds)
        if is_quiet(self.scope) and self.status < HTTPStatus.BAD_REQUEST:
            return
        self.edge.log_request(
            {
                "method": method,
                "path": path,
                "route": route,
                "status": self.status,
                "duration_ms": round(seconds * 1000, 2),
                "client": client[0] if client else None,
            }
        )


def shorten_failures(send: Send) -> Send:
    """Report a start that fails for a known reason by its message, without a traceback."""

    async def send_short(message: Message) -> None:
        if message["type"] == "lifespan.startup.failed":
            _, _, reason = message["message"].rpartition(f"{StartupError.__name__}: ")
            message["message"] = reason.strip()
        await send(message)

    return send_short


def is_plain_text(headers: RawHeaders) -> bool:
    return Headers(raw=headers).get("content-type", "").startswith("text/plain")
