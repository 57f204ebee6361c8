import asyncio

import pytest

from app.core.database.models import now
from app.tasks.outbox import KeyReused
from tests.tasks.support import Work


async def test_same_key_gets_the_same_task(work: Work) -> None:
    first = await work.enqueue("double", 1, key="a")
    again = await work.enqueue("double", 1, key="a")
    other = await work.enqueue("double", 1, key="b")
    of_another_kind = await work.enqueue("stumble", 1, key="a")

    assert first.id == again.id
    assert len({first.id, other.id, of_another_kind.id}) == 3


async def test_same_key_at_the_same_time_gets_the_same_task(work: Work) -> None:
    tasks = await asyncio.gather(*(work.enqueue("double", 1, key="a") for _ in range(5)))

    assert len({task.id for task in tasks}) == 1


async def test_key_with_other_arguments_is_refused(work: Work) -> None:
    await work.enqueue("double", 1, key="a")

    with pytest.raises(KeyReused):
        await work.enqueue("double", 2, key="a")


async def test_task_begins_at_once_without_a_delay(work: Work) -> None:
    task = await work.enqueue("double")

    assert task.due_at == task.run_at <= now()
