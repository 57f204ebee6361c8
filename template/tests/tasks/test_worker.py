"""A worker as a process, and a broker: the one of TEST_BROKER_URL, or one that starts here."""

import asyncio
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from httpx2 import AsyncClient
from kombu.exceptions import OperationalError

from app.core.http import trusted
from app.core.settings import forget_all
from app.features import FEATURES
from app.tasks.broker import Broker
from app.tasks.models import TaskState
from app.tasks.relay import Relay
from app.tasks.settings import TaskSettings
from tests.processes import ModuleProcess
from tests.support import Start
from tests.tasks.support import Work


@pytest.fixture
def broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that name it, and queues of the test's own."""
    url = os.environ.get("TEST_BROKER_URL")
    if url is None:
        url = f"{request.getfixturevalue('redis_url')}/0"
    monkeypatch.setenv("TASKS_BROKER_URL", url)
    monkeypatch.setenv("TASKS_NAMESPACE", f"test-{uuid4().hex}")
    # It is slow to start on a busy machine, and nothing is to be sent twice meanwhile.
    monkeypatch.setenv("TASKS_RESEND_SECONDS", "60")
    monkeypatch.setenv("TASKS_LEASE_SECONDS", "60")
    forget_all()


@contextmanager
def running(*arguments: str, output: Path, **settings: str) -> Generator[ModuleProcess]:
    environment = {**os.environ, **settings}
    process = ModuleProcess("app", "tasks", *arguments, environment=environment, output=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


async def finished(client: AsyncClient, location: str) -> dict[str, object]:
    async with asyncio.timeout(20):
        while True:
            task: dict[str, object] = (await client.get(location)).json()
            if task["finished_at"]:
                return task
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("broker", "migrated_database")
async def test_worker_runs_what_the_service_enqueues(start: Start, tmp_path: Path) -> None:
    output = tmp_path / "worker.log"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"TASKS_METRICS_PORT": str(port)}
    with running("worker", "--pool", "solo", output=output, **settings) as process:
        async with start(*FEATURES) as client:
            headers = {"X-Request-ID": "request-of-a-test"}
            answer = await client.post("/item-reports", headers=headers)
            task = await finished(client, answer.headers["Location"])
        await asyncio.to_thread(Broker(TaskSettings.load()).ping, 5)
        async with AsyncClient(verify=trusted()) as scraper:
            metrics = (await scraper.get(f"http://127.0.0.1:{port}/metrics")).text
        process.terminate()
        code = await asyncio.to_thread(process.wait, 20)

    log = output.read_text()
    assert task["state"] == "done", log
    assert 'count{name="items.report",outcome="done"} 1.0' in metrics
    assert code == 0, log
    assert [line for line in log.splitlines() if "request-of-a-test" in line and "done" in line]


@pytest.mark.usefixtures("broker")
async def test_relay_hands_tasks_to_the_broker(work: Work) -> None:
    broker = Broker(TaskSettings.load())
    relay = Relay(work.database, broker, TaskSettings.load())
    tasks = [await work.enqueue("double") for _ in range(3)]

    await relay.send_due()
    broker.close()

    assert {(await work.read(task.id)).state for task in tasks} == {TaskState.SENT}


async def test_task_waits_where_the_broker_refuses(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKS_BROKER_URL", "amqp://127.0.0.1:1")
    forget_all()
    broker = Broker(TaskSettings.load())
    task = await work.enqueue("double")

    with pytest.raises(OperationalError, match="refused"):
        await Relay(work.database, broker, TaskSettings.load()).send_due()
    broker.close()

    assert (await work.read(task.id)).state is TaskState.WAITING


async def test_beat_enqueues_what_recurs(work: Work, tmp_path: Path) -> None:
    with running("beat", output=tmp_path / "beat.log") as process:
        async with asyncio.timeout(20):
            while not work.carrier.sent:
                await asyncio.sleep(0.05)
                await work.relay.send_due()
        process.terminate()
        code = await asyncio.to_thread(process.wait, 20)

    assert "tasks.purge" in [sent.name for sent in work.carrier.sent]
    assert code == 0, (tmp_path / "beat.log").read_text()
