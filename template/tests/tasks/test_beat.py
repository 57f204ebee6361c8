import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.core.database.models import now
from app.tasks.beat import SYSTEM, beat, enqueue_current
from app.tasks.declarations import NoArguments, TaskContext, task
from app.tasks.models import Task, TaskState
from app.tasks.purge import purge_tasks
from tests.tasks.support import Work

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def every_hour() -> None:
    async def function(context: TaskContext, arguments: NoArguments) -> None:
        del context, arguments

    task("hourly", every=timedelta(hours=1))(function)


async def hours(work: Work) -> list[str]:
    async with work.database.read.begin() as session:
        mine = select(Task).where(Task.name == "hourly").order_by(Task.created_at)
        tasks = (await session.scalars(mine)).all()
        assert {task.owner_id for task in tasks} <= {SYSTEM}
        return [task.idempotency_key or "" for task in tasks]


async def test_each_time_is_enqueued_once_by_however_many_beats(work: Work) -> None:
    for moment in (NOON, NOON, NOON + timedelta(minutes=59), NOON + timedelta(minutes=61)):
        await asyncio.gather(*(enqueue_current(work.database, moment) for _ in range(2)))

    assert await hours(work) == ["2026-03-01T12:00:00+00:00", "2026-03-01T13:00:00+00:00"]


async def test_it_goes_on_after_a_failure(
    work: Work, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.tasks.beat.RETRY_AFTER", 0.05)
    task("faulty", every=timedelta(0))(purge_tasks.function)

    beating = asyncio.create_task(beat(work.database))
    missed = 0
    async with asyncio.timeout(10):
        while missed < 2:
            await asyncio.sleep(0.02)
            missed += capsys.readouterr().out.count("beat missed")
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)


async def test_old_tasks_are_removed(work: Work) -> None:
    old = now() - timedelta(days=31)
    dead, done, young, waiting = [await work.enqueue("double") for _ in range(4)]
    await work.change(dead.id, state=TaskState.FAILED, due_at=None, finished_at=old)
    await work.change(done.id, state=TaskState.DONE, due_at=None, finished_at=old)
    await work.change(young.id, state=TaskState.DONE, due_at=None, finished_at=now())
    async with work.database.transaction() as session:
        purge = Task(name=purge_tasks.name, queue="default", owner_id="system", arguments={})
        purge.run_at = now()
        session.add(purge)

    purge = await work.run(purge.id)

    assert purge.result == {"tasks": 2}
    async with work.database.read.begin() as session:
        left = set(await session.scalars(select(Task.id)))
    assert left == {young.id, waiting.id, purge.id}


async def test_time_is_enqueued_once_though_its_arguments_have_changed(work: Work) -> None:
    """By a new release; and what recurs after it in the list is enqueued too."""
    await enqueue_current(work.database, NOON)
    async with work.database.transaction() as session:
        await session.execute(update(Task).values(arguments={"of": "an older release"}))
    task("later", every=timedelta(hours=1))(purge_tasks.function)

    await enqueue_current(work.database, NOON)

    async with work.database.read.begin() as session:
        names = (await session.scalars(select(Task.name).order_by(Task.name))).all()
    assert len(set(names)) == len(names)
    assert {"hourly", "later", "tasks.purge"} <= set(names)


async def test_row_of_what_recurs_lives_as_long_as_its_time(work: Work) -> None:
    task("yearly", every=timedelta(days=365))(purge_tasks.function)
    await enqueue_current(work.database, now())
    old = now() - timedelta(days=40)
    async with work.database.transaction() as session:
        done = {"state": TaskState.DONE, "due_at": None, "finished_at": old, "run_at": old}
        await session.execute(update(Task).values(done))
        purge = Task(name=purge_tasks.name, queue="default", owner_id="system", arguments={})
        purge.run_at = now()
        session.add(purge)

    await work.run(purge.id)

    async with work.database.read.begin() as session:
        left = (await session.scalars(select(Task.name).order_by(Task.name))).all()
    assert left == ["tasks.purge", "yearly"]
