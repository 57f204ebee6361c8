import asyncio

from app.tasks.models import TaskState
from tests.tasks.support import Work, released, runs


async def test_long_task_keeps_its_lease(work: Work) -> None:
    task = await work.enqueue("hold", 10)

    running = asyncio.create_task(work.runner.run(task.id))
    await asyncio.sleep(0.8)  # more than one lease
    task = await work.run(task.id)
    assert task.state is TaskState.RUNNING
    released.set()
    await running

    assert (await work.read(task.id)).state is TaskState.DONE
    assert len(runs) == 1
