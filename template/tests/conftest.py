"""One database and one running application for all tests; none sees what another has done."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

# Before `app` is imported: the developer's own settings, and the database they name, stay out.
os.environ.pop("DATABASE_URL", None)
os.environ |= {
    "APP_ENVIRONMENT": "test",
    "ENV_FILE": "tests/settings.env",
    "SECRETS_DIR": "/nonexistent",
}

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from limits.aio.storage import MemoryStorage

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
from tests.support import (
    SOMEBODY,
    NewDatabase,
    Start,
    client_of,
    database_in,
    database_on,
    running,
)


@pytest.fixture(scope="session")
async def new_database(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[NewDatabase]:
    """Make an empty database: on the server of TEST_DATABASE_URL, or on one that starts here."""
    folder = tmp_path_factory.mktemp("services")
    if "TEST_DATABASE_URL" in os.environ:
        os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
        forget_all()
    async with AsyncExitStack() as stack:
        stack.enter_context(development_services(folder))
        server = os.environ.pop("DATABASE_URL", None)

        async def new() -> str:
            if server is None:
                return f"sqlite+aiosqlite:///{folder}/{uuid4().hex}.db"
            return await stack.enter_async_context(database_on(server))

        yield new


@pytest.fixture(scope="session", autouse=True)
async def database_url(new_database: NewDatabase) -> str:
    """The migrated database that the settings name while the tests run."""
    url = await new_database()
    os.environ["DATABASE_URL"] = url
    forget_all()
    # Alembic starts an event loop of its own.
    await asyncio.to_thread(migrate_to, "head")
    return url


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    """Settings that a test has changed are read again by the next one."""
    yield
    forget_all()


@pytest.fixture
async def migrated_database(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> str:
    """Another one, for a test that needs real commits; DATABASE_URL names it meanwhile."""
    url = await new_database()
    monkeypatch.setenv("DATABASE_URL", url)
    forget_all()
    await asyncio.to_thread(migrate_to, "head")
    return url


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
                app.dependency_overrides[get_principal] = lambda: SOMEBODY
            yield client

    yield start
    monkeypatch.undo()
    forget_all()
    configure_logging()


@pytest.fixture(scope="session")
async def app(database_url: str) -> AsyncGenerator[FastAPI]:
    """The application as it is served, started once."""
    assert database_url
    async with running(create_app()) as app:
        yield app


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """The database in one outer transaction: code may commit, nothing outlives the test."""
    assert database_url
    engine = create_engine(DatabaseSettings.load())
    async with engine.connect() as connection:
        transaction = await connection.begin()
        yield database_in(connection)
        await transaction.rollback()
    await engine.dispose()


@pytest.fixture
async def visitor(app: FastAPI, database: Database) -> AsyncGenerator[AsyncClient]:
    """A client of the application, not logged in; what it changes is undone after the test."""
    limiter = Limiter(MemoryStorage(), RateLimitSettings.load())
    app.dependency_overrides = {get_database: lambda: database, get_limiter: lambda: limiter}
    async with client_of(app) as client:
        yield client
    app.dependency_overrides = {}


@pytest.fixture
def log_in(app: FastAPI, visitor: AsyncClient) -> Callable[[Principal], None]:
    """Make the following requests come from a principal, whatever way there is to log in."""
    del visitor  # it comes first, and clears the overrides when it goes

    def log_in(principal: Principal) -> None:
        app.dependency_overrides[get_principal] = lambda: principal

    return log_in


@pytest.fixture
def client(visitor: AsyncClient, log_in: Callable[[Principal], None]) -> AsyncClient:
    """The same, of somebody who is logged in."""
    log_in(SOMEBODY)
    return visitor
