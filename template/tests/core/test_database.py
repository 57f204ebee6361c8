import asyncio

import pytest
import stamina
from fastapi import APIRouter
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core.database.after_commit import after_commit
from app.core.database.engine import create_engine, open_database
from app.core.database.errors import DatabaseUnavailable, is_retryable
from app.core.database.session import SessionDep
from app.core.database.settings import DatabaseSettings
from app.core.feature import Feature
from app.core.settings import StartupError
from app.features import FEATURES
from app.items.models import Item
from tests.support import Start, unreachable

router = APIRouter()


@router.post("/add-and-fail")
async def add_and_fail(session: SessionDep) -> None:
    session.add(Item(owner_id="anonymous", name="half-written"))
    await session.flush()
    raise RuntimeError


told: list[str] = []


async def tell() -> None:
    told.append("done")


@router.post("/add-and-fail-to-commit")
async def add_and_fail_to_commit(session: SessionDep) -> str:
    session.add(Item(owner_id="anonymous", name=None))
    after_commit(session, tell)
    return "done"


FAILING = Feature(name="failing", router=router)


@pytest.mark.parametrize("path", ["/add-and-fail", "/add-and-fail-to-commit"])
async def test_failed_request_leaves_nothing(
    start: Start, migrated_database: str, path: str
) -> None:
    async with start(*FEATURES, FAILING, DATABASE_URL=migrated_database) as client:
        response = await client.post(path)
        items = (await client.get("/items")).json()["items"]

    assert told == []
    assert response.status_code == 500
    assert items == []


async def test_answer_comes_after_the_commit(start: Start, migrated_database: str) -> None:
    async with start(*FEATURES, DATABASE_URL=migrated_database) as client:
        created = await client.post("/items", json={"name": "seen"})
        async with (
            open_database(DatabaseSettings.load()) as database,
            database.read.begin() as session,
        ):
            count = await session.scalar(select(func.count()).select_from(Item))

    assert created.status_code == 201
    assert count == 1


async def test_crowded_pool_is_a_problem_to_retry(start: Start, migrated_database: str) -> None:
    slow = APIRouter()
    busy, release = asyncio.Event(), asyncio.Event()

    @slow.get("/slow")
    async def read_slow(session: SessionDep) -> None:
        await session.execute(text("SELECT 1"))
        busy.set()
        await release.wait()

    settings = {"DATABASE_POOL_SIZE": "1", "DATABASE_MAX_OVERFLOW": "0"}
    settings |= {"DATABASE_POOL_TIMEOUT": "0.01", "DATABASE_URL": migrated_database}
    async with start(Feature(name="slow", router=slow), **settings) as client:
        first = asyncio.create_task(client.get("/slow"))
        await busy.wait()
        second = await client.get("/slow")
        release.set()
        assert (await first).status_code == 200

    assert second.status_code == 503
    assert second.json()["type"] == "urn:problem:database-unavailable"


async def test_crowded_pool_is_an_outage_outside_of_requests_too(migrated_database: str) -> None:
    settings = DatabaseSettings(
        url=migrated_database, pool_size=1, max_overflow=0, pool_timeout=0.01
    )
    async with open_database(settings) as database, database.read.begin() as session:
        await session.execute(text("SELECT 1"))

        with pytest.raises(DatabaseUnavailable):
            async with database.read.begin() as other:
                await other.execute(text("SELECT 1"))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense", "DATABASE_URL"),
        ("mysql+aiomysql://db/app", "aiomysql"),
        ("sqlite:///app.db", "asynchronous"),
    ],
)
def test_unusable_url_stops_the_start(url: str, reason: str) -> None:
    with pytest.raises(StartupError, match=reason):
        create_engine(DatabaseSettings(url=url))


async def test_database_that_stays_away_stops_the_start(database_url: str) -> None:
    settings = DatabaseSettings(url=unreachable(database_url))

    reason = r"DATABASE_URL: (no answer|there is no folder)"
    with stamina.set_testing(True), pytest.raises(StartupError, match=reason):
        async with open_database(settings):
            pass


async def test_cancelled_statement_stays_cancelled(migrated_database: str) -> None:
    """To SQLAlchemy it is a lost connection; time limits and stops would never be heard of."""
    assert migrated_database
    long = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000) "
        "SELECT count(*) FROM n"
    )

    async def ask() -> None:
        async with database.read.begin() as session:
            await session.execute(long)

    async with open_database(DatabaseSettings.load()) as database:
        asking = asyncio.create_task(ask())
        await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_mistake_in_sql_is_no_outage() -> None:
    engine = create_engine(DatabaseSettings.load())
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError):
            await connection.execute(text("SELECT * FROM nowhere"))
    await engine.dispose()


async def test_values_stay_out_of_errors(migrated_database: str) -> None:
    async with open_database(DatabaseSettings(url=migrated_database)) as database:
        with pytest.raises(IntegrityError) as caught:
            async with database.write.begin() as session:
                session.add(Item(owner_id="hunter2", name=None))

    assert "hunter2" not in str(caught.value).partition("DETAIL")[0]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (type("E", (Exception,), {"sqlstate": "57P01"})(), True),
        (type("E", (Exception,), {"sqlstate": "40001"})(), True),
        (type("E", (Exception,), {"sqlstate": "23505"})(), False),
        (Exception("database is locked"), True),
        (Exception("no such table: item"), False),
    ],
)
def test_errors_worth_a_retry(error: Exception, expected: bool) -> None:
    assert is_retryable(error) is expected
