"""One request, one transaction."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from app.core.database.after_commit import run_after_commit
from app.core.database.engine import Database
from app.core.dependencies import opened
from app.core.problems import AppError
from app.core.requests import SAFE_METHODS

# For streams and sockets, which outlive a transaction and open short ones of their own.
CurrentDatabase = Annotated[Database, opened("database")]


async def get_session(request: Request, database: CurrentDatabase) -> AsyncGenerator[AsyncSession]:
    """One transaction per request: commit when the endpoint returns, roll back if it raises."""
    sessions = database.read if request.method in SAFE_METHODS else database.write
    kept: AppError | None = None
    async with sessions.begin() as session:
        try:
            yield session
        except AppError as error:
            if not error.keeps_changes:
                raise
            kept = error
    await run_after_commit(session)
    if kept is not None:
        raise kept


# "function" scope ends the transaction before the response leaves, so that a client that reads
# "201 Created" never races the commit, and a failed commit is still an error.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]


async def check_database(connection: HTTPConnection) -> None:
    """Readiness: ask the database for an answer."""
    database: Database = connection.state.database
    async with database.read.begin() as session:
        await session.execute(text("SELECT 1"))
