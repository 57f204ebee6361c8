"""What only a server does wrong."""

import pytest
from sqlalchemy import text

from app.core.database.engine import open_database
from app.core.database.errors import DatabaseUnavailable
from app.core.database.settings import DatabaseSettings


async def test_statement_that_takes_too_long_is_an_outage(database_url: str) -> None:
    settings = DatabaseSettings(url=database_url, statement_timeout=0.05)
    async with open_database(settings) as database:
        with pytest.raises(DatabaseUnavailable):
            async with database.read.begin() as session:
                await session.execute(text("SELECT pg_sleep(5)"))
