import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from app.commands.database import alembic_config
from app.core.database.engine import create_engine
from app.core.database.models import Base
from app.core.database.settings import DatabaseSettings
from app.features import FEATURES

T = TypeVar("T")


def modelled(name: str | None, kind: str, _: object) -> bool:
    """What a part has left that is off now is no difference: `migrations/env.py`."""
    return kind != "table" or name in Base.metadata.tables


def difference(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"include_name": modelled})
    return list(compare_metadata(context, Base.metadata))


def tables(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()


async def ask(url: str, question: Callable[[Connection], T]) -> T:
    engine = create_engine(DatabaseSettings(url=url))
    async with engine.connect() as connection:
        answer = await connection.run_sync(question)
    await engine.dispose()
    return answer


async def test_models_and_revisions_agree(database_url: str) -> None:
    assert FEATURES

    found = await ask(database_url, difference)

    assert found == [], 'run `app revision "What changes"` to write the missing migration'


async def test_revisions_go_down_and_up_again(own_database: str) -> None:
    await asyncio.to_thread(command.downgrade, alembic_config(), "base")
    assert await ask(own_database, tables) == ["alembic_version"]

    await asyncio.to_thread(command.upgrade, alembic_config(), "head")
    assert await ask(own_database, difference) == []


async def test_revisions_can_be_written_as_sql(capsys: pytest.CaptureFixture[str]) -> None:
    await asyncio.to_thread(command.upgrade, alembic_config(), "head", sql=True)

    assert "CREATE TABLE item" in capsys.readouterr().out
