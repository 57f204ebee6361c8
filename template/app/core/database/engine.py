"""Open the database, wait for it, and close it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import stamina
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from app.core.database.after_commit import run_after_commit
from app.core.database.errors import DatabaseUnavailable, Pool, translate_errors
from app.core.database.settings import DatabaseSettings
from app.core.database.sqlite import READ_ONLY, LettingGo, prepare_sqlite, require_folder
from app.core.settings import AppSettings, StartupError

SessionMaker = async_sessionmaker[AsyncSession]
log = structlog.get_logger()


@dataclass(frozen=True)
class Database:
    """Begins transactions: `async with database.transaction() as session`.

    `read` is for transactions that only read: on SQLite many of them run beside one writer.
    """

    write: SessionMaker
    read: SessionMaker

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession]:
        """Begin one that may write, and do what it left for after its commit."""
        async with self.write.begin() as session:
            yield session
        await run_after_commit(session)


def create_engine(settings: DatabaseSettings) -> AsyncEngine:
    """Make the engine for a URL; nothing connects yet."""
    try:
        engine = create_async_engine(
            settings.url,
            poolclass=Pool,
            pool_size=settings.pool_size,
            max_overflow=settings.max_overflow,
            pool_timeout=settings.pool_timeout,
            pool_recycle=settings.pool_recycle,
            # A server may have gone away meanwhile; a file does not.
            pool_pre_ping=not settings.is_sqlite,
            # Values may be secrets: they stay out of error messages and so out of logs.
            hide_parameters=not AppSettings.load().debug,
            connect_args=_connect_args(settings),
        )
    except ModuleNotFoundError as error:
        known = "set one that begins with postgresql+asyncpg:// or sqlite+aiosqlite://"
        raise StartupError(f"DATABASE_URL needs the package {error.name}: {known}") from error
    except SQLAlchemyError as error:
        raise StartupError(f"DATABASE_URL is not one for asynchronous use: {error}") from error
    if settings.is_sqlite:
        require_folder(engine.url)
        prepare_sqlite(engine.sync_engine)
    translate_errors(engine.sync_engine)
    return engine


@asynccontextmanager
async def open_database(settings: DatabaseSettings | None = None) -> AsyncGenerator[Database]:
    """Connect, waiting up to `start_timeout` seconds for the server.

    Raises:
        StartupError: it did not answer in that time.
    """
    settings = settings or DatabaseSettings.load()
    engine = create_engine(settings)
    try:
        await _wait_for(engine, settings)
        yield Database(
            write=async_sessionmaker(engine, expire_on_commit=False),
            read=async_sessionmaker(engine.execution_options(**READ_ONLY), expire_on_commit=False),
        )
    finally:
        await engine.dispose()


async def _wait_for(engine: AsyncEngine, settings: DatabaseSettings) -> None:
    where = settings.parsed_url.render_as_string(hide_password=True)
    try:
        async for attempt in stamina.retry_context(
            on=DatabaseUnavailable,
            attempts=None,
            timeout=settings.start_timeout,
            wait_initial=0.2,
            wait_max=3,
        ):
            with attempt:
                if attempt.num > 1:
                    log.warning("database not reachable, trying again", database=where)
                async with engine.connect() as connection:
                    await connection.execute(text("SELECT 1"))
    except (DatabaseUnavailable, SQLAlchemyError, OSError, TypeError) as error:
        reason = error.__cause__ or error
        raise StartupError(f"DATABASE_URL: no answer from {where}: {reason}") from error


def _connect_args(settings: DatabaseSettings) -> dict[str, Any]:
    if settings.is_sqlite:
        return {"timeout": settings.statement_timeout, "factory": LettingGo}
    return {
        "timeout": settings.connect_timeout,
        "command_timeout": settings.statement_timeout,
        "server_settings": {"application_name": "app"},
    }
