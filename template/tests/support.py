"""What the fixtures are made of."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import uuid4

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, async_sessionmaker, create_async_engine
from starlette.types import Receive, Scope, Send

from app.core.database.engine import Database
from app.core.identity import USER, Principal

NewDatabase = Callable[[], Awaitable[str]]
Start = Callable[..., AbstractAsyncContextManager[AsyncClient]]

SOMEBODY = Principal("somebody", roles=frozenset({USER}), session="of-a-test")


@asynccontextmanager
async def database_on(server: str) -> AsyncGenerator[str]:
    name = f"test_{uuid4().hex}"
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    async with engine.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await engine.dispose()


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
