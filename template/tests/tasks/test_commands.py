import asyncio
from uuid import UUID

import pytest
from typer.testing import CliRunner

from app.core.database.models import now
from app.core.settings import forget_all
from app.tasks.commands import commands
from app.tasks.models import TaskState
from tests.tasks.support import Work


async def app_tasks(*arguments: str) -> tuple[int, str]:
    """Call a command; it starts an event loop of its own."""
    result = await asyncio.to_thread(CliRunner().invoke, commands, arguments)
    return result.exit_code, result.output + str(result.exception or "")


async def dead(work: Work) -> UUID:
    task = await work.enqueue("refuse", 7)
    await work.run(task.id)
    return task.id


async def test_dead_tasks_are_listed_and_revived(work: Work) -> None:
    first, second, third = [await dead(work) for _ in range(3)]

    code, output = await app_tasks("dead")
    assert code == 0
    assert [line.split()[0] for line in output.splitlines()] == [
        str(one) for one in (first, second, third)
    ]
    assert "refuse  Refused: 7 is too many." in output

    assert await app_tasks("requeue", str(first)) == (0, "1 enqueued\n")
    task = await work.read(first)
    assert (task.state, task.attempts, task.error) == (TaskState.WAITING, 0, None)
    assert task.due_at is not None
    assert task.due_at <= now()

    assert await app_tasks("requeue", "--all") == (0, "2 enqueued\n")
    assert await app_tasks("dead") == (0, "")


async def test_requeue_asks_which() -> None:
    code, output = await app_tasks("requeue")

    assert code == 1
    assert "--all" in output


async def test_ping_tells_that_no_broker_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKS_BROKER_URL", "amqp://127.0.0.1:1")
    forget_all()

    code, output = await app_tasks("ping")

    assert code == 1
    assert "does not answer" in output
