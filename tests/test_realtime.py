"""Services of two processes that tell what happens, over one Redis, to many and to real clients."""

import json
import shutil
import socket
import time
import urllib.request
from contextlib import closing
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.projects import Project
from tests.rendering import Renders
from tests.service import serving
from tests.summary import Count
from tests.tools import BIN, run
from tests.valkey import running_valkey, serving_two
from tests.variants import variants

pytestmark = pytest.mark.suites

LISTENERS = Path(__file__).with_name("listeners.py")
MESSAGES = 100
SETTINGS = {
    "RATELIMIT_ENABLED": "false",
    "REALTIME_MAX_CONNECTIONS_EACH": "20000",
}


@pytest.fixture(scope="module")
def project(renders: Renders, tmp_path_factory: pytest.TempPathFactory) -> Project:
    answers = variants()[0].but(
        database="sqlite", auth="none", cache=True, sse=True, websocket=True, tasks=False
    )
    project = Project.make(renders, answers, tmp_path_factory.mktemp("realtime") / "project")
    project.sync()
    return project


def create_item(url: str, name: str, **members: str) -> None:
    body = json.dumps({"name": name, **members}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/items", body, headers)  # noqa: S310  (loopback)
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        assert response.status == 201


def test_two_thousand_listeners_hear_everything_once_in_order(
    project: Project, tmp_path: Path, count: Count
) -> None:
    with serving_two(project, tmp_path, **SETTINGS) as (url, _):
        output = project.run("python", LISTENERS, url, "1000", "1000", str(MESSAGES), "0.2")

    result = json.loads(output.splitlines()[-1])
    assert result["exact"] == result["listeners"] == 2000
    assert result["delivered"] == 2000 * MESSAGES
    count("events delivered", result["delivered"])
    print(result)  # noqa: T201  (for whoever wants to know how fast)


class Stream(Thread):
    """Reads server-sent events in the background."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.answer = urllib.request.urlopen(f"{url}/events?topic=items", timeout=60)  # noqa: S310
        self.heard: list[str] = []
        self.start()

    def run(self) -> None:
        event = ""
        for line in self.answer:
            name, _, value = line.decode().strip().partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                self.heard.append(json.loads(value).get("name", event))

    def wait_for(self, name: str) -> None:
        end = time.monotonic() + 20
        while name not in self.heard:
            assert time.monotonic() < end, self.heard[-5:]
            time.sleep(0.05)


def test_killed_redis_is_admitted_and_fails_no_request(project: Project, tmp_path: Path) -> None:
    """What happens meanwhile is told later, and listeners hear that they may have missed some."""
    with serving_two(project, tmp_path, **SETTINGS) as (url, valkey):
        stream = Stream(url)
        stream.wait_for("ready")
        for number in range(30):
            if number == 10:
                valkey.kill()
            if number == 20:
                valkey.start()
            create_item(url, str(number))
            time.sleep(0.05)
        create_item(url, "last")
        stream.wait_for("last")

    numbers = [name for name in stream.heard if name.isdigit()]
    assert "reset" in stream.heard
    assert len(numbers) == len(set(numbers))
    # None but those that Redis took with it.
    assert {str(number) for number in range(10, 30)} <= set(numbers)


def test_listener_that_stops_reading_is_cut_off(project: Project, tmp_path: Path) -> None:
    """It holds up nobody, and what waits for it is bounded."""
    del tmp_path
    settings = {**SETTINGS, "REALTIME_QUEUE": "50"}
    with serving(project, **settings) as url, closing(socket.socket()) as idle:
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        where = urlsplit(url)
        idle.connect((where.hostname, where.port))
        idle.sendall(b"GET /events?topic=items HTTP/1.1\r\nHost: localhost\r\n\r\n")
        stream = Stream(url)
        stream.wait_for("ready")
        # More than the system keeps for a connection.
        for number in range(800):
            create_item(url, str(number), description="x" * 10_000)
        stream.wait_for("799")
        with urllib.request.urlopen(f"{url}/metrics") as response:  # noqa: S310  (loopback)
            metrics = response.read().decode()

    assert [name for name in stream.heard if name.isdigit()] == [str(n) for n in range(800)]
    assert "realtime_dropped_total 1.0" in metrics


@pytest.mark.skipif(shutil.which("npm") is None, reason="this machine has no npm")
def test_protocol_is_described_by_a_valid_document(
    project: Project, tmp_path: Path, count: Count
) -> None:
    """Judged by the schema that AsyncAPI publishes."""
    archive = run("npm", "pack", "--silent", "@asyncapi/specs@6", cwd=tmp_path).split()[-1]
    run("tar", "xzf", archive, cwd=tmp_path)
    document = tmp_path / "asyncapi.json"
    document.write_text(project.run("app", "websocket", "asyncapi"))

    schema = tmp_path / "package" / "schemas" / "3.0.0.json"
    run(BIN / "check-jsonschema", "--schemafile", schema, document, cwd=tmp_path)

    count("files judged by their programs")


HEAR = """
() => {
    window.heard = []
    const tell = text => window.heard.push(text)
    const events = new EventSource('/events?topic=items')
    events.addEventListener('ready', () => tell('sse ready'))
    events.addEventListener('reset', () => tell('sse reset'))
    events.addEventListener('item.created', event => tell('sse ' + JSON.parse(event.data).name))
    const socket = window.socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws')
    socket.onopen = () => socket.send(JSON.stringify({type: 'subscribe', topic: 'items'}))
    socket.onmessage = ({data}) => {
        const message = JSON.parse(data)
        tell('socket ' + (message.data ? message.data.name : message.type))
    }
    socket.onclose = event => tell('socket closed ' + event.code)
}
"""


def test_browser_hears_what_happens_and_what_it_missed(
    page: Page, project: Project, tmp_path: Path, count: Count
) -> None:
    """Its EventSource comes back by itself, to another process that was not there before."""
    with running_valkey(project, tmp_path) as valkey:
        settings = {**SETTINGS, "REDIS_URL": valkey.url, "SERVER_WORKERS": "2"}
        with serving(project, **settings) as url:
            page.route("**/npm/**", lambda route: route.fulfill(status=204))
            page.goto(f"{url}/docs")
            page.evaluate(HEAR)
            wait_for(page, "sse ready", "socket subscribed")
            create_item(url, "lamp")
            wait_for(page, "sse lamp", "socket lamp")
            assert page.evaluate("() => window.socket.extensions") == ""  # nothing is compressed
        wait_for(page, "socket closed 1012")
        create_without_listeners(project, settings)
        with serving(project, **settings, SERVER_PORT=url.rpartition(":")[2]) as again:
            assert again == url
            wait_for(page, "sse desk")
            heard: list[str] = page.evaluate("() => window.heard")

    assert "sse reset" not in heard
    assert heard.count("sse lamp") == heard.count("sse desk") == 1
    count("pages in a browser")


def wait_for(page: Page, *texts: str) -> None:
    # Not `wait_for_function`: the policy of the page lets nobody evaluate texts in it.
    end = time.monotonic() + 20
    while not set(texts) <= set(page.evaluate("() => window.heard")):
        assert time.monotonic() < end, page.evaluate("() => window.heard")
        page.wait_for_timeout(50)


def create_without_listeners(project: Project, settings: dict[str, str]) -> None:
    """While the page's service is away, another one creates an item."""
    with serving(project, **settings) as elsewhere:
        create_item(elsewhere, "desk")
