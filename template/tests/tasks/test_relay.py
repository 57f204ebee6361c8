import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.core.database.after_commit import after_commit
from app.core.database.models import now
from app.core.settings import forget_all
from app.tasks.declarations import KINDS
from app.tasks.models import Task, TaskState
from app.tasks.outbox import Outbox
from app.tasks.relay import Relay
from app.tasks.settings import TaskSettings
from tests.tasks.support import Number, Work, past


async def test_due_tasks_are_sent_once(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKS_RESEND_SECONDS", "60")
    forget_all()
    work = Work(work.database)
    task = await work.enqueue("double")
    later = await work.enqueue("double", delay=timedelta(seconds=2))

    wait = await work.relay.send_due()
    await work.relay.send_due()

    [sent] = work.carrier.sent
    assert (sent.id, sent.name, sent.queue) == (task.id, "double", "numbers")
    assert (await work.read(task.id)).state is TaskState.SENT
    assert (await work.read(later.id)).state is TaskState.WAITING
    assert wait == pytest.approx(0.05, abs=0.05)  # no longer than between two looks


async def test_relays_share_the_work(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    # The second one may look when the first one's messages have been on their way for a while.
    monkeypatch.setenv("TASKS_RESEND_SECONDS", "60")
    forget_all()
    one, other = Work(work.database), Work(work.database)
    tasks = [await one.enqueue("double") for _ in range(20)]

    await asyncio.gather(one.relay.send_due(), other.relay.send_due())

    ids = [sent.id for sent in one.carrier.sent + other.carrier.sent]
    assert sorted(ids) == sorted(task.id for task in tasks)


async def test_lost_messages_and_lost_workers_are_made_up_for(work: Work) -> None:
    lost, dead, alive = [await work.enqueue("double") for _ in range(3)]
    await work.change(lost.id, state=TaskState.SENT, due_at=past())
    await work.change(dead.id, state=TaskState.RUNNING, due_at=past())
    later = now() + timedelta(seconds=30)
    await work.change(alive.id, state=TaskState.RUNNING, due_at=later)

    await work.relay.send_due()

    assert {sent.id for sent in work.carrier.sent} == {lost.id, dead.id}


async def test_message_in_a_long_queue_is_repeated_ever_more_rarely(work: Work) -> None:
    task = await work.enqueue("double")
    ages: list[timedelta] = []
    for state in (TaskState.WAITING, TaskState.SENT):
        await work.change(task.id, run_at=now() - timedelta(hours=1), state=state, due_at=past())
        await work.relay.send_due()
        ages.append(((await work.read(task.id)).due_at or now()) - now())

    # The first message has not been on its way yet, however long the broker was away.
    assert ages[0] < timedelta(seconds=1)
    assert ages[1] > timedelta(minutes=59)


async def test_task_of_an_older_release_is_sent_where_workers_look_now(work: Work) -> None:
    moved, unknown = [await work.enqueue("double") for _ in range(2)]
    await work.change(moved.id, queue="left")
    await work.change(unknown.id, queue="left", name="forgotten")

    await work.relay.send_due()

    queues = {sent.id: sent.queue for sent in work.carrier.sent}
    assert queues == {moved.id: "numbers", unknown.id: "left"}


async def test_broker_that_is_away_loses_nothing(
    work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    task = await work.enqueue("double")
    settings = TaskSettings.load().model_copy(update={"relay_seconds": 0.3})
    relay = Relay(work.database, work.carrier, settings)
    work.carrier.down = True
    running = asyncio.create_task(relay.run())
    said = ""
    async with asyncio.timeout(10):
        while "tasks cannot be sent" not in said:
            await asyncio.sleep(0.02)
            said += capsys.readouterr().out
    for _ in range(5):
        await relay.nudge()  # each request does: it is not tried sooner for that
        await asyncio.sleep(0.01)
    said += capsys.readouterr().out
    assert said.count("tasks cannot be sent") <= 2
    assert work.carrier.sent == []

    work.carrier.down = False
    await work.wait_until(task.id, lambda task: task.state is TaskState.SENT)

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert {sent.id for sent in work.carrier.sent} == {task.id}


async def test_nothing_leaves_without_the_commit(work: Work) -> None:
    async def fail() -> None:
        async with work.database.transaction() as session:
            await Outbox(session, "somebody").add(KINDS["double"], Number(value=1))
            after_commit(session, work.relay.nudge)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    await work.relay.send_due()

    assert work.carrier.sent == []


class Stopped:
    """A carrier of a service that ends meanwhile."""

    async def send(self, tasks: Sequence[Task]) -> None:
        del tasks
        raise asyncio.CancelledError


async def test_task_that_was_being_sent_at_the_end_is_sent_again(work: Work) -> None:
    task = await work.enqueue("double")

    with pytest.raises(asyncio.CancelledError):
        await Relay(work.database, Stopped(), TaskSettings.load()).send_due()

    assert (await work.read(task.id)).state is TaskState.WAITING
