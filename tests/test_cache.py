"""A service of two processes that keep what they read in one Redis, which is killed."""

import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import repeat
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest

from tests.projects import Project
from tests.rendering import Renders
from tests.summary import Count
from tests.valkey import serving_two
from tests.variants import variants

pytestmark = pytest.mark.suites

AT_ONCE = 100
USERS = 8
RETRY_AFTER = 5  # seconds; of the service, which leaves a Redis alone that has failed


@pytest.fixture(scope="module")
def project(renders: Renders, tmp_path_factory: pytest.TempPathFactory) -> Project:
    answers = variants()[0].but(database="sqlite", auth="none", cache=True)
    project = Project.make(renders, answers, tmp_path_factory.mktemp("cache") / "project")
    project.sync()
    return project


def ask(url: str, path: str, method: str = "GET", body: str | None = None) -> tuple[int, str]:
    """On a connection of its own, so that either process may get it."""
    client = HTTPConnection(urlsplit(url).netloc, timeout=30)
    client.request(method, path, body, {"Content-Type": "application/json"})
    response = client.getresponse()
    answer = response.status, response.read().decode()
    client.close()
    return answer


def create_item(url: str) -> str:
    status, text = ask(url, "/items", "POST", json.dumps({"name": "Desk lamp"}))
    assert status == 201, text
    return f"/items/{json.loads(text)['id']}"


def figure(url: str, metric: str) -> float:
    """Return a number that both processes have counted together."""
    _, text = ask(url, "/metrics")
    return sum(float(number) for number in re.findall(rf"^{metric} (\S+)$", text, re.MULTILINE))


def hits(url: str) -> float:
    return figure(url, 'cache_reads_total{model="ItemRead",result="hit"}')


def errors_in(log: Path) -> str:
    """Return what the service has to say of its failures, without the lines of requests."""
    lines = (line for line in log.read_text().splitlines() if "[info " not in line)
    return "\n".join(lines)


def test_many_misses_at_once_read_the_database_once(
    project: Project, tmp_path: Path, count: Count
) -> None:
    with serving_two(project, tmp_path) as (url, _), ThreadPoolExecutor(AT_ONCE) as users:
        paths = [create_item(url) for _ in range(5)]
        for number, path in enumerate(paths, start=1):
            answers = list(users.map(ask, repeat(url, AT_ONCE), repeat(path)))

            assert {status for status, _ in answers} == {200}
            read = figure(url, 'cache_source_duration_seconds_count{model="ItemRead"}')
            assert read == number
            count("requests for what nobody had read", AT_ONCE)

        reads = figure(url, 'cache_reads_total{model="ItemRead",result="\\w+"}')
        assert reads == AT_ONCE * len(paths)


def test_change_is_seen_by_both_processes(project: Project, tmp_path: Path) -> None:
    with serving_two(project, tmp_path) as (url, _), ThreadPoolExecutor(USERS) as users:
        path = create_item(url)
        for number in range(30):
            name = f"Lamp {number}"
            assert ask(url, path, "PATCH", json.dumps({"name": name}))[0] == 200

            answers = users.map(ask, repeat(url, 10), repeat(path))

            assert {json.loads(text)["name"] for _, text in answers} == {name}


def test_killed_redis_fails_no_request(project: Project, tmp_path: Path, count: Count) -> None:
    with serving_two(project, tmp_path) as (url, valkey), ThreadPoolExecutor(USERS) as users:
        path, end = create_item(url), Event()

        def use(_: int) -> Counter[int]:
            statuses = Counter[int]()
            while not end.is_set():
                statuses[ask(url, path)[0]] += 1
            return statuses

        coming = users.map(use, range(USERS))
        time.sleep(1)
        before = hits(url)
        valkey.kill()
        time.sleep(1)
        away = hits(url)
        changed = ask(url, path, "PATCH", json.dumps({"name": "Floor lamp"}))[0]
        valkey.start()
        time.sleep(RETRY_AFTER + 2)
        back = hits(url)
        time.sleep(0.5)
        after = hits(url)
        names = {json.loads(ask(url, path)[1])["name"] for _ in range(10)}
        end.set()
        statuses = sum(coming, Counter[int]())

    assert set(statuses) == {200}, errors_in(project.path / "service.log")
    assert changed == 200
    assert names == {"Floor lamp"}
    assert 0 < before <= away < back < after
    count("requests while Redis was killed", statuses.total())
