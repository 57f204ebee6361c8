"""One command, one transaction."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.commands.development import development_services
from app.core.database.engine import open_database

T = TypeVar("T")


def in_transaction(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Do something in the database; it is committed unless it raises."""

    async def run() -> T:
        async with open_database() as database, database.transaction() as session:
            return await work(session)

    with development_services():
        return asyncio.run(run())
