"""The image and the Compose files of everything, built and run; nginx between, and real load."""

import json
import socket
import ssl
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from tests.engine import IMAGES, Engine
from tests.images import (
    COMMIT,
    PRODUCTION,
    build,
    in_image,
    project_of,
    said,
    size,
    warnings,
)
from tests.load import Load
from tests.questions import Answer
from tests.rendering import Renders
from tests.stack import Client, Stack, WebSocket, until
from tests.summary import Count
from tests.tools import run

pytestmark = pytest.mark.suites

EVERYTHING: dict[str, Answer] = {
    "project_name": "Everything",
    "database": "postgres",
    "auth": "jwt",
    "sse": True,
    "websocket": True,
    "cache": True,
    "tasks": True,
    "broker": "rabbitmq",
    "package_manager": "uv",
}
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
TLS = "compose.tls.yml"
BODY_LIMIT = 1_048_576
USER = "10001"


def test_everything(engine: Engine, renders: Renders, tmp_path: Path, count: Count) -> None:
    project = project_of(renders, EVERYTHING, tmp_path)
    image = "everything:production"
    is_built_with_uv(engine, project, image, count)
    is_an_image_of_an_expert(engine, image)
    explains_itself(engine, image)

    stack = Stack(engine, project, PRODUCTION)
    missing = stack.attempt_up()
    assert missing.returncode
    assert "secrets" in missing.stderr
    run("sh", "deploy/secrets.sh", cwd=project)
    with (project / "deploy" / "production.env").open("a") as settings:
        settings.write("RATELIMIT_ENABLED=false\n")
    begin = time.monotonic()
    with stack.running("--build", APP_COMMIT=COMMIT):
        count("seconds until everything is healthy", round(time.monotonic() - begin))
        client = stack.client("HTTP")
        assert client.get("/health/live").json["commit"] == COMMIT
        create_admin(stack)
        client.log_in(EMAIL, PASSWORD)
        tells_events_one_by_one(client)
        does_tasks(stack, client)
        keeps_strangers_out(stack, client)
        is_measured(stack)
        loses_nothing_when_it_stops(stack, client, count)
        speaks_tls(stack)
    count("projects composed of containers")


def is_built_with_uv(engine: Engine, project: Path, image: str, count: Count) -> None:
    engine.docker("builder", "prune", "--all", "--force")
    cold, output = build(engine, project, image)
    assert warnings(output) == ["there is no uv.lock, so each build may get other packages:"]
    build(engine, project, "trellis/build", "--target", "build")
    here = ("--volume", f"{project}:/project", "--workdir", "/project")
    engine.docker("run", "--rm", *here, "trellis/build", "uv", "lock")
    build(engine, project, image)
    with (project / "app" / "main.py").open("a") as code:
        code.write("\n# A change.\n")
    warm, output = build(engine, project, image)
    assert warnings(output) == []
    count("seconds: image of everything, from nothing", cold)
    count("seconds: image of everything, after a change of the code", warm)
    count("MB: image of everything", size(engine, image))
    count("MB: image it is based on", size(engine, IMAGES["python"]))


def is_an_image_of_an_expert(engine: Engine, image: str) -> None:
    config = json.loads(engine.docker("image", "inspect", image))[0]["Config"]
    assert config["User"] == f"{USER}:{USER}"
    assert config["Entrypoint"] == ["app"]
    assert config["Labels"]["org.opencontainers.image.licenses"] == "MIT"
    assert in_image(engine, image, "id --user") == USER
    # No installer, nothing to write to, and no part of the project but what it needs.
    assert in_image(engine, image, "command -v uv pip || python -m pip 2>&1 | tail -n 1").endswith(
        "No module named pip"
    )
    assert in_image(engine, image, "touch x 2>&1 || echo no").endswith("no")
    assert in_image(engine, image, "ls -A").split() == ["migrations", "pyproject.toml"]
    compiled = "ls /opt/venv/lib/python3*/site-packages/app/__pycache__"
    assert "main.cpython" in in_image(engine, image, compiled)


def explains_itself(engine: Engine, image: str) -> None:
    """What is wrong is said in a line."""
    assert "No such command 'sevre'" in said(engine, image, "sevre")
    unset = said(engine, "--env", "APP_ENVIRONMENT=production", image)
    assert "set DATABASE_URL" in unset
    assert "set AUTH_SECRETS" in unset
    url = "postgresql+asyncpg://app:hunter2@192.0.2.1/app"
    away = said(
        engine,
        *("--env", f"DATABASE_URL={url}", "--env", "DATABASE_START_TIMEOUT=1"),
        *("--env", "DATABASE_CONNECT_TIMEOUT=1", image),
    )
    assert "DATABASE_URL: no answer from" in away
    assert "hunter2" not in away


def create_admin(stack: Stack) -> None:
    command = ("exec", "-T", "app", "app", "auth", "create-admin", EMAIL, "--password", PASSWORD)
    stack.compose(*command)


def tells_events_one_by_one(client: Client) -> None:
    """Each of them before the next one happens: nothing waits in nginx."""
    events = client.events("items")
    assert next(events)[0] == "ready"
    websocket = WebSocket(client)
    websocket.send({"type": "subscribe", "topic": "items"})
    websocket.receive("subscribed")
    for name in ("lamp", "desk", "chair"):
        client.create(name)
        assert next(events)[1]["name"] == name
        assert websocket.receive("event")["data"]["name"] == name
    websocket.close()
    events.close()  # type: ignore[attr-defined]


def does_tasks(stack: Stack, client: Client) -> None:
    answer = client.send("POST", "/item-reports")
    assert answer.status == 202, answer.body
    for _ in until():
        task = client.get(answer.headers["Location"]).json
        if task["state"] == "done":
            break
    assert f'"task_id":"{task["id"]}"' in stack.logs("worker")


def keeps_strangers_out(stack: Stack, client: Client) -> None:
    """What they say of themselves is not believed, and what is too large stays outside."""
    answer = client.get(
        "/items",
        X_Forwarded_For="203.0.113.9",
        Forwarded="for=203.0.113.9",
        X_Forwarded_Host="evil.example",
        X_Request_ID="mine-0001",
    )
    assert answer.headers["X-Request-ID"] == "mine-0001"
    log = stack.logs("app")
    assert '"request_id":"mine-0001"' in log
    assert "203.0.113.9" not in log
    assert " mine-0001" in stack.logs("nginx")
    # But nginx is believed: the address is not its own.
    assert '"client":"10.214.0.2"' not in log
    assert client.get("/metrics").status == 404
    large = client.send("POST", "/items", b"x" * (BODY_LIMIT + 1), Content_Type="text/plain")
    assert (large.status, large.headers["Content-Type"]) == (413, "application/problem+json")
    assert large.json["status"] == large.status
    allowed = client.send("POST", "/items", b"x" * BODY_LIMIT, Content_Type="text/plain")
    assert allowed.status == 422


def is_measured(stack: Stack) -> None:
    """Prometheus reads what its configuration names."""
    prometheus = stack.client("PROMETHEUS")
    for _ in until():
        targets = prometheus.get("/api/v1/targets").json["data"]["activeTargets"]
        health = {target["scrapePool"]: target["health"] for target in targets}
        if set(health.values()) == {"up"}:
            break
    assert set(health) == {"app", "worker"}


def loses_nothing_when_it_stops(stack: Stack, client: Client, count: Count) -> None:
    """What was begun is finished, and everything that was stored was answered."""
    networks = json.loads(stack.engine.docker("inspect", stack.container("app")))[0]
    proxy = networks["NetworkSettings"]["Networks"]["everything-production_proxy"]
    load = Load((proxy["IPAddress"], 8000), client)
    begun = {f"begun-{number}": socket.create_connection(load.address) for number in range(20)}
    for name, connection in begun.items():
        connection.sendall(load.request(name)[:-5])
    stream = client.events("items")
    assert next(stream)[0] == "ready"
    for thread in load.threads:
        thread.start()
    time.sleep(2)

    stopping = threading.Thread(
        target=lambda: stack.engine.docker("stop", "--time", "40", stack.container("app"))
    )
    stopping.start()
    for _ in until():
        if "Shutting down" in stack.logs("app"):
            break
    for name, connection in begun.items():
        connection.sendall(load.request(name)[-5:])
    for name, connection in begun.items():
        load.read(connection, name)
        connection.close()
    load.ended.set()
    for thread in [*load.threads, stopping]:
        thread.join(60)

    assert stack.state("app", "ExitCode") == 0
    assert begun.keys() <= load.answered
    for _ in stream:
        pass  # it ends
    stack.again()
    stored = {name for name in client.names() if name.startswith(("load-", "begun-"))}
    assert stored == load.answered
    count("requests answered by a service that was stopped under load", len(load.answered))


def speaks_tls(stack: Stack) -> None:
    folder = stack.project / "secrets" / "tls"
    folder.mkdir()
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "certificate.pem"),
        cwd=folder,
    )
    (folder / "key.pem").chmod(0o644)
    with_tls = Stack(stack.engine, stack.project, PRODUCTION, TLS)
    with_tls.ports, with_tls.settings = stack.ports, stack.settings
    with_tls.again()

    trusting = ssl.create_default_context(cafile=folder / "certificate.pem")
    trusting.check_hostname = False
    url = f"https://127.0.0.1:{stack.ports['HTTPS']}/health/ready"
    with urllib.request.urlopen(url, context=trusting, timeout=30) as answer:
        assert answer.status == 200
        # The service knows that it is spoken to over TLS.
        assert "max-age" in answer.headers["Strict-Transport-Security"]
    line = ("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}")
    assert run(*line, f"http://127.0.0.1:{stack.ports['HTTP']}/items", cwd=folder) == "308"
