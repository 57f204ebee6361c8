"""A Sentry to send to, the service on a real server, and routes that fail."""

import gzip
import json
import logging
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from fastapi import APIRouter, HTTPException, WebSocket
from fastapi.responses import StreamingResponse
from httpx2 import AsyncClient

from app.core.feature import Feature
from app.core.http import trusted
from app.core.logging import configure_logging
from app.core.problems import AppError
from app.features import FEATURES
from app.main import create_app
from tests.support import SOMEBODY, logged_in
from tests.support import serving as served

Event = dict[str, Any]


@contextmanager
def receiving(events: list[Event]) -> Generator[str]:
    """Run a server that takes envelopes, and give the DSN to send them to."""

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

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://key@127.0.0.1:{server.server_port}/1"
        server.shutdown()
        thread.join()


@asynccontextmanager
async def serving() -> AsyncGenerator[AsyncClient]:
    app = create_app([*FEATURES, Feature(name="probe", router=router)])
    app.state.authenticators = logged_in(SOMEBODY)
    async with served(app) as here, AsyncClient(base_url=here.url, verify=trusted()) as client:
        yield client
    configure_logging()


class Expected(AppError):
    pass


router = APIRouter(prefix="/probe")


@router.post("/broken/{name}")
async def fail(name: str, data: dict[str, str]) -> None:
    copy = dict(data)
    raise RuntimeError(f"cannot reach postgresql://user:hunter2@db/{name}, {len(copy)}")


@router.get("/expected")
async def fail_as_expected() -> None:
    raise Expected("not today")


@router.get("/unavailable")
async def fail_as_http() -> None:
    raise HTTPException(503)


@router.get("/late")
async def fail_late() -> StreamingResponse:
    async def lines() -> AsyncGenerator[str]:
        yield "one"
        raise RuntimeError("half way")

    return StreamingResponse(lines())


@router.websocket("/socket")
async def fail_in_socket(socket: WebSocket) -> None:
    await socket.accept()
    raise RuntimeError("in a socket")


@router.get("/logged")
async def log_error() -> None:
    logging.getLogger("some.library").error("cannot reach redis://user:hunter2@cache")
