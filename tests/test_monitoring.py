"""Rules are judged by Prometheus' own tools, and what is watched is there in a real service.

The load tests make the traffic, so that they are proved by the way.
"""

import itertools
import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from tests.projects import Project
from tests.prometheus import MISSING, PROMETHEUS, PROMTOOL, Prometheus, scraping
from tests.rendering import Renders
from tests.service import free_port
from tests.summary import Count
from tests.tools import BIN, UV, run
from tests.trees import Tree
from tests.trial import Site
from tests.valkey import running_valkey
from tests.variants import fullest, services, variants

RULES = "deploy/prometheus/rules/"
DASHBOARD = "deploy/grafana/dashboards/service.json"
LOAD_SECONDS = 15
TOKEN = "a-token-of-the-test"  # noqa: S105
ADMIN = {"username": "ada@example.com", "password": "correct horse battery"}

needs_prometheus = pytest.mark.skipif(PROMETHEUS is None or PROMTOOL is None, reason=MISSING)


@needs_prometheus
def test_rules_are_valid_and_pass_their_own_tests(
    renders: Renders, tmp_path: Path, count: Count
) -> None:
    """In each distinct folder: the rules and tests of just the parts that are on."""
    folders = {
        tuple((f"{path.relative_to(root)}", path.read_bytes()) for path in files_of(root))
        for service in services()
        for root in renders.trees(service.variants)
    } - {()}

    assert folders
    for number, folder in enumerate(folders):
        root = tmp_path / str(number)
        for name, content in folder:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        rules = sorted(name for name, _ in folder if name.startswith(RULES))
        tests = sorted(name for name, _ in folder if "/tests/" in name)
        assert [Path(name).name for name in rules] == [Path(name).name for name in tests]
        config = "deploy/prometheus/prometheus.yml"
        run(str(PROMTOOL), "check", "config", "--syntax-only", config, cwd=root)
        run(str(PROMTOOL), "check", "rules", *rules, cwd=root)
        run(str(PROMTOOL), "test", "rules", *tests, cwd=root)
    count("files judged by their programs", sum(map(len, folders)))


def test_each_alert_has_a_test_and_says_what_to_do(renders: Renders) -> None:
    """It is seen to fire, and to be quiet."""
    tree = Tree(renders.tree(fullest()))
    page = tree.files["docs/monitoring.md"].decode()
    tested = [
        test for name in tree.names if "prometheus/tests/" in name for test in cases(tree, name)
    ]

    names = [alert["alert"] for alert in alerts(tree)]

    assert len(names) > 10
    assert {test["alertname"] for test in tested if test.get("exp_alerts")} == set(names)
    assert {test["alertname"] for test in tested if not test.get("exp_alerts")} == set(names)
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == names


def test_dashboard_has_panels_of_the_parts_that_are_on(renders: Renders) -> None:
    titles = {
        part: rows(renders.tree(variants()[0].but(**{part: True})))
        for part in ("sse", "websocket", "cache", "tasks")
    }

    assert rows(renders.tree(variants()[0])) == ["Requests", "Processes"]
    assert {part: set(found) - {"Requests", "Processes"} for part, found in titles.items()} == {
        "sse": {"Listeners"},
        "websocket": {"Listeners"},
        "cache": {"Cache"},
        "tasks": {"Tasks"},
    }


def test_rules_know_the_jobs_that_the_page_on_kubernetes_names(renders: Renders) -> None:
    tree = Tree(renders.tree(fullest()))
    [block] = re.findall(
        r"```yaml\n(scrape_configs:.*?)```", tree.files["docs/kubernetes.md"].decode(), re.DOTALL
    )
    [job] = yaml.safe_load(block)["scrape_configs"]

    *_, rename = job["relabel_configs"]
    named = {re.sub(rename["regex"], rename["replacement"], pod) for pod in ("api", "worker")}
    asked = {job for rule in alerts(tree) for job in re.findall(r'job="(.*?)"', rule["expr"])}
    assert asked == named


def files_of(root: Path) -> list[Path]:
    return sorted(path for path in (root / "deploy" / "prometheus").rglob("*") if path.is_file())


def alerts(tree: Tree) -> list[dict[str, Any]]:
    # In the order of the page.
    order = ("service", "realtime", "cache", "tasks")
    files = [yaml.safe_load(tree.files[f"{RULES}{name}.yml"]) for name in order]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def cases(tree: Tree, name: str) -> list[dict[str, Any]]:
    tests = yaml.safe_load(tree.files[name])["tests"]
    return [case for test in tests for case in test["alert_rule_test"]]


def panels(root: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((root / DASHBOARD).read_text())["panels"]
    numbers = [panel["id"] for panel in found]
    assert len(numbers) == len(set(numbers))
    cells = [cell for panel in found for cell in cells_of(**panel["gridPos"])]
    assert len(cells) == len(set(cells)), "a panel covers another one"
    return found


def cells_of(x: int, y: int, w: int, h: int) -> Iterator[tuple[int, int]]:
    assert x + w <= 24
    return itertools.product(range(x, x + w), range(y, y + h))


def rows(root: Path) -> list[str]:
    return [panel["title"] for panel in panels(root) if panel["type"] == "row"]


@pytest.fixture
def site(renders: Renders, tmp_path: Path) -> Iterator[Site]:
    """Everything on: the service and a worker, with accounts and an administrator."""
    answers = fullest().but(database="sqlite", kubernetes=False, broker="redis")
    project = Project.make(renders, answers, tmp_path / "project")
    project.sync()
    with running_valkey(project, tmp_path) as valkey:
        settings = {
            "REDIS_URL": valkey.url,
            "TASKS_BROKER_URL": valkey.url,
            "TASKS_METRICS_PORT": str(free_port()),
            "METRICS_TOKEN": TOKEN,
            "SERVER_WORKERS": "2",
        }
        project.run("app", "migrate", **settings)
        password = f"--password={ADMIN['password']}"
        project.run("app", "auth", "create-admin", ADMIN["username"], password, **settings)
        site = Site(project, settings)
        with site.service(), site.worker():
            yield site


@needs_prometheus
@pytest.mark.suites
def test_dashboard_and_alerts_have_data_under_load(
    site: Site, tmp_path: Path, count: Count
) -> None:
    header = f"Authorization: Bearer {log_in(site)}"
    with watching(site, tmp_path / "prometheus") as prometheus:
        locust = install_locust(site.project, tmp_path / "load")
        load_tests_have_the_right_types(site.project, tmp_path / "load")
        for file in sorted((site.project.path / "load").glob("*.py")):
            ask_for_reports(site, header)
            run_load(locust, file, site, header)
            count("load tests against a real service")
        every_target_answers(prometheus)
        every_panel_has_data(prometheus, site.project.path, count)
        every_alert_can_be_computed(prometheus, site.project.path, count)


def log_in(site: Site) -> str:
    body = urlencode({"grant_type": "password", **ADMIN}).encode()
    with urllib.request.urlopen(site.url("/auth/token"), body) as answer:  # noqa: S310
        return str(json.load(answer)["access_token"])


@contextmanager
def watching(site: Site, folder: Path) -> Iterator[Prometheus]:
    token = folder.parent / "METRICS_TOKEN"
    token.write_text(f"{TOKEN}\n")
    changes = {
        "app:8000": f"127.0.0.1:{site.port}",
        "worker:9100": f"127.0.0.1:{site.settings['TASKS_METRICS_PORT']}",
        "/run/secrets/METRICS_TOKEN": str(token),
        "interval: 15s": "interval: 1s",
    }
    with scraping(folder, site.project.path / "deploy/prometheus", changes) as prometheus:
        yield prometheus


def install_locust(project: Project, environment: Path) -> Path:
    """The packages of the group and nothing else: a load test needs nothing of the service."""
    variables = {"UV_PROJECT_ENVIRONMENT": str(environment)}
    run(UV, "sync", "--quiet", "--only-group", "load", cwd=project.path, env=variables)
    return environment / "bin" / "locust"


def load_tests_have_the_right_types(project: Project, environment: Path) -> None:
    """The project's own checker leaves them out, as it has not their packages."""
    run(
        *(BIN / "mypy", "--strict", "--config-file=", f"--cache-dir={environment / 'mypy'}"),
        *("--python-executable", environment / "bin" / "python"),
        *(project.path / "load").glob("*.py"),
        cwd=environment,
    )


def ask_for_reports(site: Site, header: str) -> None:
    """Tasks, some now and some later: a rate needs a count that grows."""
    for _ in range(3):
        request = urllib.request.Request(  # noqa: S310  (loopback)
            site.url("/item-reports"), b"", dict([header.split(": ")])
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310  (loopback)
            assert answer.status == 202


def run_load(locust: Path, file: Path, site: Site, header: str) -> None:
    """A request that fails is an exit code of 1."""
    report = file.with_suffix(".json")
    output = run(
        *(locust, "-f", file, "--headless", "--host", site.url(""), "--json-file", report.stem),
        *("--users", "5", "--spawn-rate", "5", "--run-time", f"{LOAD_SECONDS}s"),
        cwd=file.parent,
        env={"LOAD_HEADER": header},
    )
    requests = {one["name"]: one for one in json.loads(report.read_text())}
    assert sum(one["num_requests"] for one in requests.values()) > 0, output
    assert [name for name, one in requests.items() if one["num_failures"]] == []
    if file.name != "over_http.py":
        # Four listen while one creates: not all may be there for the first, nor for the last.
        created, heard = (requests[name]["num_requests"] for name in ("/items", "item.created"))
        assert created >= 3, requests
        assert 4 * (created - 2) <= heard <= 4 * created, requests


def every_target_answers(prometheus: Prometheus) -> None:
    prometheus.wait_for(lambda: prometheus.values("sum(up)") == [2.0], "a target is down")


def every_panel_has_data(prometheus: Prometheus, root: Path, count: Count) -> None:
    targets = [(p["title"], target) for p in panels(root) for target in p.get("targets", [])]
    assert len(targets) > 15
    for title, target in targets:
        expression = target["expr"].replace("$__rate_interval", "2m")
        prometheus.wait_for(partial(prometheus.values, expression), f"{title}: {expression}")
    count("expressions with data in Prometheus", len(targets))


def every_alert_can_be_computed(prometheus: Prometheus, root: Path, count: Count) -> None:
    """Prometheus has tried each of them, and each metric in it is there."""
    prometheus.wait_for(lambda: "unknown" not in states(prometheus), "a rule is not tried")
    assert states(prometheus) == {"ok"}

    found = alerts(Tree(root))
    for alert in found:
        prometheus.get("query", query=alert["expr"])
        metrics = set(re.findall(r"\b(?:up|[a-z]+(?:_[a-z]+){2,})\b(?=[{\[])", alert["expr"]))
        assert metrics, alert["expr"]
        assert {metric for metric in metrics if not prometheus.values(metric)} == set()
    count("expressions with data in Prometheus", len(found))


def states(prometheus: Prometheus) -> set[str]:
    groups = prometheus.get("rules")["groups"]
    return {rule["health"] for group in groups for rule in group["rules"]}
