"""One pooled client for calls to other services, with time-outs and retries."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Annotated

import httpx2
import stamina
from opentelemetry.propagate import inject
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from structlog.contextvars import get_contextvars

from app.core.dependencies import opened
from app.core.settings import Settings

IDEMPOTENT_METHODS = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
RETRYABLE_STATUSES = {429, 502, 503, 504}


class HttpSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="HTTP_")

    timeout: float = Field(default=10, gt=0, description="Seconds to wait for an upstream.")
    connect_timeout: float = Field(default=3, gt=0)
    max_connections: int = Field(default=100, ge=1)
    attempts: int = Field(default=3, ge=1, description="Tries of an idempotent call in all.")


class RetryTransport(httpx2.AsyncBaseTransport):
    """Repeats an idempotent call that failed on the way, or was answered with "not now"."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, attempts: int) -> None:
        self.inner = inner
        caller = stamina.AsyncRetryingCaller(attempts=attempts, wait_initial=0.1, wait_max=2)
        self.retry = caller.on((httpx2.TransportError, httpx2.HTTPStatusError))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # A streamed body is gone after the first try.
        replayable = isinstance(request.stream, httpx2.ByteStream)
        if request.method not in IDEMPOTENT_METHODS or not replayable:
            return await self.inner.handle_async_request(request)
        try:
            return await self.retry(self._try, request)
        except httpx2.HTTPStatusError as last:
            return last.response

    async def _try(self, request: httpx2.Request) -> httpx2.Response:
        response = await self.inner.handle_async_request(request)
        if response.status_code in RETRYABLE_STATUSES:
            await response.aread()
            raise httpx2.HTTPStatusError("not now", request=request, response=response)
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


async def pass_context(request: httpx2.Request) -> None:
    request_id = get_contextvars().get("request_id")
    if request_id is not None:
        request.headers.setdefault("X-Request-ID", request_id)
    inject(request.headers)


@cache
def trusted() -> ssl.SSLContext:
    """The authorities that are trusted. To read them takes 50 ms of CPU."""
    return httpx2.create_ssl_context()


@asynccontextmanager
async def open_http(
    transport: httpx2.AsyncBaseTransport | None = None,
) -> AsyncGenerator[httpx2.AsyncClient]:
    """Open the client; `transport` replaces the network, for tests."""
    settings = HttpSettings.load()
    if transport is None:
        limits = httpx2.Limits(max_connections=settings.max_connections)
        transport = httpx2.AsyncHTTPTransport(verify=trusted(), limits=limits)
    async with httpx2.AsyncClient(
        transport=RetryTransport(transport, settings.attempts),
        timeout=httpx2.Timeout(settings.timeout, connect=settings.connect_timeout),
        # All requests share it: what an upstream sets for one is not sent for the next.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        event_hooks={"request": [pass_context]},
    ) as client:
        yield client


HttpClient = Annotated[httpx2.AsyncClient, opened("http")]
