from functools import partial

import pytest

from app.core.database.after_commit import after_commit
from app.core.database.engine import Database


async def test_it_is_done_in_order_once_committed(database: Database) -> None:
    done: list[int] = []

    async def do(number: int) -> None:
        done.append(number)

    async with database.transaction() as session:
        after_commit(session, partial(do, 1))
        after_commit(session, partial(do, 2))
        assert done == []

    assert done == [1, 2]


async def test_nothing_is_done_where_it_is_rolled_back(database: Database) -> None:
    done: list[int] = []

    async def do() -> None:
        done.append(1)

    async def fail() -> None:
        async with database.transaction() as session:
            after_commit(session, do)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    assert done == []


async def test_what_fails_is_logged_and_stops_nothing(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[int] = []

    async def fail() -> None:
        raise LookupError("nobody is there")

    async def do() -> None:
        done.append(1)

    async with database.transaction() as session:
        after_commit(session, fail)
        after_commit(session, do)

    assert done == [1]
    assert "nobody is there" in capsys.readouterr().out
