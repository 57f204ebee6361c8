"""Tasks on real brokers: whatever is killed or stopped, each is done, and none is lost."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.projects import Project
from tests.rabbitmq import PROGRAM, RabbitMQ
from tests.rendering import Renders
from tests.summary import Count
from tests.trial import Site, add_trial, kill, wait_for
from tests.valkey import running_valkey
from tests.variants import variants

pytestmark = pytest.mark.suites

PATIENCE = {
    "TASKS_RELAY_SECONDS": "0.2",
    "TASKS_RETRY_SECONDS": "0.1",
    "TASKS_LEASE_SECONDS": "2",
    "TASKS_RESEND_SECONDS": "2",
    "LOG_FORMAT": "json",
}


class Broker(Protocol):
    """A server that keeps what it has while it is stopped, or forgets it: it must not matter."""

    @property
    def url(self) -> str: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


@pytest.fixture
def rabbitmq(tmp_path: Path) -> Iterator[Broker]:
    if PROGRAM is None:
        pytest.skip("this machine has no RabbitMQ")
    server = RabbitMQ(tmp_path / "rabbitmq")
    server.start()
    yield server
    server.close()


@pytest.fixture(params=["redis", "rabbitmq"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def project(kind: str, renders: Renders, tmp_path: Path) -> Project:
    """A project with the broker, and a database of each kind."""
    database = {"redis": "sqlite", "rabbitmq": "postgres"}[kind]
    answers = variants()[0].but(tasks=True, broker=kind, database=database, auth="none")
    project = Project.make(renders, answers, tmp_path / "project")
    add_trial(project)
    project.sync()
    return project


@pytest.fixture
def broker(
    kind: str, project: Project, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Broker]:
    if kind == "rabbitmq":
        yield request.getfixturevalue("rabbitmq")
        return
    with running_valkey(project, tmp_path) as server:
        yield server


@pytest.fixture
def site(project: Project, broker: Broker, kind: str, tmp_path: Path) -> Iterator[Site]:
    settings = {**PATIENCE, "TASKS_BROKER_URL": broker.url}
    with ExitStack() as stack:
        if kind == "redis":
            settings["REDIS_URL"] = broker.url
        else:
            settings["DATABASE_URL"] = stack.enter_context(project.postgres(tmp_path))
        project.run("app", "migrate", TRIAL_DIARY=str(tmp_path / "unused"), **settings)
        yield Site(project, settings)


def test_no_task_is_lost_or_done_twice(site: Site, broker: Broker, count: Count) -> None:
    with site.service(), site.worker():
        every_one_is_done_once_but_the_poison(site)
        what_is_sent_while_the_broker_is_away_arrives(site, broker)
    killed_worker_leaves_its_task_to_another(site)
    killed_service_leaves_its_tasks_to_the_next(site)
    count("tasks on real brokers", 200 + 10 + 4 + 10)


def every_one_is_done_once_but_the_poison(site: Site) -> None:
    site.enqueue(*({"number": number, "poison": number == 13} for number in range(200)))

    wait_for(lambda: site.count("done") == 199 and site.count("failed") == 1, site)

    assert sorted(site.noted("done")) == [number for number in range(200) if number != 13]
    assert site.noted("begun").count(13) == 3
    assert len(site.noted("begun")) == 199 + 3


def what_is_sent_while_the_broker_is_away_arrives(site: Site, broker: Broker) -> None:
    broker.stop()
    site.enqueue(*({"number": 300 + number} for number in range(10)))
    time.sleep(1)
    broker.start()

    wait_for(lambda: site.count("done") == 209, site, 60)

    assert sorted(site.noted("done"))[-10:] == list(range(300, 310))


def killed_worker_leaves_its_task_to_another(site: Site) -> None:
    with site.service():
        with site.worker() as worker:
            site.enqueue(*({"number": 400 + number, "seconds": 1.5} for number in range(4)))
            wait_for(lambda: 400 in site.noted("begun"), site)
            kill(worker)
        with site.worker():
            wait_for(lambda: site.count("done") == 213, site)

    noted = site.noted("done")
    assert {400, 401, 402, 403} <= set(noted)
    assert len(noted) == len(set(noted))
    assert site.noted("begun").count(400) == 2


def killed_service_leaves_its_tasks_to_the_next(site: Site) -> None:
    # It reaches no broker before it is killed: what it has committed is all there is.
    with site.service(TASKS_BROKER_URL="amqp://127.0.0.1:1") as service:
        site.enqueue(*({"number": 500 + number} for number in range(10)))
        kill(service)
    assert not [number for number in site.noted("begun") if number >= 500]

    with site.service(), site.worker():
        wait_for(lambda: site.count("done") == 223, site)

    assert sorted(site.noted("done"))[-10:] == list(range(500, 510))
