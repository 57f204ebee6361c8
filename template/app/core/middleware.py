"""The layers around every request, outermost first."""

from collections.abc import Iterator, Sequence

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
UNCOMPRESSED = ("text/event-stream", "audio/*", "image/*", "video/*")


def core_middleware() -> Iterator[Middleware]:
    settings, cors = AppSettings.load(), CorsSettings.load()
    # An answer without CORS headers must not be kept for a request that needs them.
    vary = [(b"vary", b"Origin")] if cors.origins else []
    yield Middleware(Edge, headers=vary, around_errors=[*_cors(cors)])
    known = Middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts, www_redirect=False)
    if settings.https_redirect:
        yield from (known, Middleware(HTTPSRedirectMiddleware))
    layers = [
        known,
        *_cors(cors),
        Middleware(RequestBodyLimitMiddleware, max_body_size=settings.max_body_bytes),
        Middleware(
            GZipMiddleware, minimum_size=1024, compresslevel=5, exclude_content_types=UNCOMPRESSED
        ),
    ]
    yield Middleware(WhereConcerned, hosts=settings.hosts, layers=layers)


def _cors(settings: CorsSettings) -> Iterator[Middleware]:
    if settings.origins:
        yield Middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_credentials=settings.credentials,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        )


class WhereConcerned:
    """Layers for requests that they may change or refuse; others pass beside all of them.

    Each layer costs on every request, and most read something, from a host that is known, without
    a body, an origin or an encoding.
    """

    HEADERS = frozenset({b"origin", b"accept-encoding", b"content-length", b"transfer-encoding"})

    def __init__(self, app: ASGIApp, hosts: Sequence[str], layers: Sequence[Middleware]) -> None:
        self.app = self.layered = app
        self.hosts = frozenset(host.encode() for host in hosts)
        for cls, arguments, options in reversed(layers):
            self.layered = cls(self.layered, *arguments, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.layered if self.concerns(scope) else self.app)(scope, receive, send)

    def concerns(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            return True
        named = False
        for name, value in scope["headers"]:
            if name in self.HEADERS or (name == b"host" and not self.knows(value)):
                return True
            named = named or name == b"host"
        return not named

    def knows(self, host: bytes) -> bool:
        return b"*" in self.hosts or host.partition(b":")[0] in self.hosts
