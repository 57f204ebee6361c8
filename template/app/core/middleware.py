"""The layers around every request, outermost first."""

from collections.abc import Callable, Iterator
from functools import partial

from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.edge import Edge
from app.core.settings import AppSettings, CorsSettings

EXPOSED_HEADERS = ("ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID")


def core_middleware() -> Iterator[Middleware]:
    settings, cors = AppSettings.load(), CorsSettings.load()
    # An answer without CORS headers must not be kept for a request that needs them.
    yield Middleware(Edge, headers=[(b"vary", b"Origin")] if cors.origins else [])
    if "*" not in settings.hosts:
        yield Middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts, www_redirect=False)
    if settings.https_redirect:
        yield Middleware(HTTPSRedirectMiddleware)
    if cors.origins:
        allow = partial(
            CORSMiddleware,
            allow_origins=cors.origins,
            allow_credentials=cors.credentials,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        )
        yield Middleware(OnlyWith, b"origin", allow)
    yield Middleware(BodyLimit, max_body_size=settings.max_body_bytes)
    compress = partial(
        GZipMiddleware,
        minimum_size=1024,
        compresslevel=5,
        exclude_content_types=("text/event-stream", "audio/*", "image/*", "video/*"),
    )
    yield Middleware(OnlyWith, b"accept-encoding", compress)


class OnlyWith:
    """A layer for requests that have a header; the others pass beside it, at no cost."""

    def __init__(self, app: ASGIApp, header: bytes, layer: Callable[[ASGIApp], ASGIApp]) -> None:
        self.app = app
        self.layer = layer(app)
        self.header = header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        concerned = any(name == self.header for name, _ in scope.get("headers", ()))
        await (self.layer if concerned else self.app)(scope, receive, send)


class BodyLimit(RequestBodyLimitMiddleware):
    """Starlette's, out of the way of requests that have no body, which are most."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not may_have_body(scope):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def may_have_body(scope: Scope) -> bool:
    if scope["method"] not in {"GET", "HEAD"}:
        return True
    return any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])
