import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import cast

import pytest
import stamina
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database.engine import Database
from app.core.database.errors import DatabaseUnavailable
from app.core.database.models import now
from app.core.feature import Feature
from app.core.settings import forget_all
from app.main import create_app
from app.tasks.claims import Claims
from app.tasks.declarations import KINDS, TaskContext, task
from app.tasks.feature import feature
from app.tasks.models import TaskState
from app.tasks.settings import TaskSettings
from tests.support import running
from tests.tasks.support import Number, Work, double, past, released, runs


async def test_result_is_kept(work: Work) -> None:
    task = await work.enqueue("double", 21)

    task = await work.run(task.id)

    assert task.state is TaskState.DONE
    assert task.result == {"value": 42}
    assert task.started_at
    assert task.finished_at
    assert task.due_at is None
    assert [(run.principal.id, run.attempt, run.task_id) for run in runs] == [
        ("somebody", 1, task.id)
    ]


async def test_task_has_what_other_features_have_opened(work: Work) -> None:
    """It may tell who listens, and forget what is kept."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        app.state.events, app.state.cache = "events", "cache"
        yield

    opener = Feature(name="opener", router=APIRouter(lifespan=lifespan))
    async with running(create_app([opener, feature])):
        added = await work.enqueue("double")
        await work.wait_until(added.id, lambda row: row.state is TaskState.DONE)

    assert [str(run.events) for run in runs] == ["events"]
    assert [str(run.cache) for run in runs] == ["cache"]


async def test_of_many_messages_one_wins(work: Work) -> None:
    task = await work.enqueue("double")

    await asyncio.gather(*(work.runner.run(task.id) for _ in range(8)))
    again = await work.run(task.id)

    assert again.attempts == len(runs) == 1


async def test_expected_failure_is_final_and_told(work: Work) -> None:
    task = await work.run((await work.enqueue("refuse", 7)).id)

    assert task.state is TaskState.FAILED
    assert task.error is not None
    assert task.error["type"] == "urn:problem:refused"
    assert task.error["detail"] == "7 is too many."
    assert len(runs) == 1


async def test_passing_failure_is_retried_later(work: Work) -> None:
    task = await work.run((await work.enqueue("stumble", 3)).id)

    assert task.state is TaskState.WAITING
    assert task.error is not None
    assert task.error["status"] == 503
    assert task.due_at == task.run_at > task.started_at  # type: ignore[operator]

    task = await work.run((await work.wait_until(task.id, lambda task: task.run_at <= now())).id)
    task = await work.run((await work.wait_until(task.id, lambda task: task.run_at <= now())).id)
    assert task.state is TaskState.DONE
    assert task.error is None
    assert [run.attempt for run in runs] == [1, 2, 3]


async def test_message_that_comes_too_early_is_left(work: Work) -> None:
    task = await work.run((await work.enqueue("stumble", 3)).id)
    await work.change(task.id, run_at=now().replace(year=2100))

    await work.run(task.id)

    assert len(runs) == 1


async def test_last_failure_makes_a_dead_letter_without_internals(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    task = await work.enqueue("break", 1234)
    for _ in range(2):
        await work.change(task.id, run_at=past())
        await work.run(task.id)

    task = await work.read(task.id)
    assert task.state is TaskState.FAILED
    assert task.error == {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    assert "the secret is 1234" in caplog.text


async def test_time_limit_ends_an_attempt(work: Work) -> None:
    task = await work.run((await work.enqueue("dawdle", 60)).id)

    assert task.state is TaskState.FAILED
    assert task.error is not None
    assert task.error["type"] == "urn:problem:task-timeout"


async def test_arguments_of_another_version_are_told(work: Work) -> None:
    task = await work.enqueue("break")
    await work.change(task.id, arguments={"value": "many"}, attempts=1)

    task = await work.run(task.id)

    assert task.state is TaskState.FAILED
    assert runs == []


async def test_outcome_of_a_worker_that_lost_its_task_is_dropped(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKS_LEASE_SECONDS", "60")  # and it is not renewed for twenty
    forget_all()
    work = Work(work.database)
    task = await work.enqueue("hold", 10)
    slow = asyncio.create_task(work.runner.run(task.id))
    await work.wait_until(task.id, lambda task: task.state is TaskState.RUNNING)

    await work.change(task.id, due_at=past())  # as if its event loop had stood still
    mine = await Claims(work.database, TaskSettings.load()).claim(task.id)
    released.set()
    await slow

    assert mine is not None
    assert mine.attempts == 2
    assert (await work.read(task.id)).state is TaskState.RUNNING


async def test_task_that_kills_its_workers_dies(work: Work) -> None:
    task = await work.enqueue("hold")
    await work.change(task.id, state=TaskState.RUNNING, attempts=2, due_at=past())

    task = await work.run(task.id)

    assert task.state is TaskState.FAILED
    assert task.error is not None
    assert task.error["type"] == "urn:problem:worker-lost"
    assert runs == []


async def test_task_of_another_version_is_left_to_it(work: Work) -> None:
    task = await work.enqueue("double")
    del KINDS["double"]

    task = await work.run(task.id)

    assert (task.state, task.attempts) == (TaskState.WAITING, 0)

    await work.change(task.id, state=TaskState.SENT, due_at=now().replace(year=2100))
    due_at = (await work.run(task.id)).due_at
    assert due_at is not None
    assert due_at < now() + timedelta(minutes=1)


class AwayAtFirst:
    """A database that is back at the second try."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.tries = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession]:
        self.tries += 1
        if self.tries == 1:
            raise DatabaseUnavailable
        async with self.database.transaction() as session:
            yield session


async def test_message_and_outcome_wait_for_the_database(
    work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    task = await work.enqueue("hold")
    for step in ("claim", "finish"):
        claims = Claims(cast("Database", AwayAtFirst(work.database)), TaskSettings.load())
        with stamina.set_testing(True, attempts=100, cap=True):  # it waits no time
            if step == "claim":
                await claims.claim(task.id)
            else:
                await claims.finish(await work.read(task.id), result={"diagnosis": "hunter2"})

    assert (await work.read(task.id)).state is TaskState.DONE
    assert "hunter2" not in capsys.readouterr().out


def test_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="double"):
        task("double")(double)


async def test_run_is_one_line_with_the_request_that_asked(
    work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    task = await work.enqueue("double")
    await work.change(task.id, request_id="request-of-a-test")
    capsys.readouterr()

    await work.run(task.id)

    lines = [line for line in capsys.readouterr().out.splitlines() if "request-of-a-test" in line]
    assert len(lines) == 1
    assert "outcome" in lines[0]


async def test_result_is_json_whatever_its_numbers(work: Work) -> None:
    class Mean(BaseModel):
        value: float

    async def mean(context: TaskContext, number: Number) -> Mean:
        del context, number
        return Mean(value=float("nan"))

    task("mean")(mean)

    row = await work.run((await work.enqueue("mean")).id)

    assert (row.state, row.result) == (TaskState.DONE, {"value": None})
