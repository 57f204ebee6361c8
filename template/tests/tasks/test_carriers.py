import asyncio
from uuid import UUID, uuid4

import pytest

from app.core.concurrency import background
from app.tasks.carriers import AT_ONCE, Here
from app.tasks.models import Task


def tasks(number: int) -> list[Task]:
    return [Task(id=uuid4()) for _ in range(number)]


async def test_a_few_are_run_at_once_and_the_end_stops_them() -> None:
    begun: list[UUID] = []
    stopped: list[UUID] = []

    async def run(task_id: UUID) -> None:
        begun.append(task_id)
        try:
            await asyncio.sleep(60)
        finally:
            stopped.append(task_id)

    here = Here(run)
    async with background(here.work()):
        await here.send(tasks(AT_ONCE + 2))
        await asyncio.sleep(0.01)

    assert len(begun) == len(stopped) == AT_ONCE


async def test_failure_is_told_and_stops_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    run: list[UUID] = []

    async def fail_once(task_id: UUID) -> None:
        run.append(task_id)
        if len(run) == 1:
            raise ConnectionError("the database is away")

    here = Here(fail_once)
    async with background(here.work()):
        await here.send(tasks(AT_ONCE + 2))
        await asyncio.sleep(0.01)

    assert len(run) == AT_ONCE + 2
    assert "the database is away" in capsys.readouterr().out
