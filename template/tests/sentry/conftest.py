"""A Sentry to send to, and the service running on a real server."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import uvicorn
from fastapi import APIRouter
from httpx2 import AsyncClient

from app.core.feature import Feature
from app.core.settings import forget_all
from app.features import FEATURES
from app.main import create_app

Event = dict[str, Any]
Serve = Callable[[APIRouter], AbstractAsyncContextManager[AsyncClient]]


@pytest.fixture
def sentry() -> Generator[list[Event]]:
    """Start a server, make it the project's Sentry, and give the events that arrive."""
    events: list[Event] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            time.sleep(0.05)  # what is not waited for at the end comes too late
            envelope = self.rfile.read(int(self.headers["Content-Length"]))
            _, *lines = map(json.loads, gzip.decompress(envelope).splitlines())
            items = zip(lines[::2], lines[1::2], strict=True)
            events.extend(body for head, body in items if head["type"] != "client_report")
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 (its name there)
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server, pytest.MonkeyPatch.context() as patch:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        patch.setenv("SENTRY_DSN", f"http://key@127.0.0.1:{server.server_port}/1")
        patch.setenv("APP_COMMIT", "abc123")
        forget_all()
        yield events
        server.shutdown()
        thread.join()
    forget_all()


@pytest.fixture
def serve() -> Serve:
    @asynccontextmanager
    async def serve(router: APIRouter) -> AsyncGenerator[AsyncClient]:
        app = create_app([*FEATURES, Feature(name="test", router=router)])
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
        running = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 (uvicorn tells it no other way)
            await asyncio.sleep(0.01)
        host, port = server.servers[0].sockets[0].getsockname()
        async with AsyncClient(base_url=f"http://{host}:{port}") as client:
            yield client
        server.should_exit = True
        await running

    return serve
