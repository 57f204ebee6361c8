"""The image and the Compose files, built and run by a real engine; nginx between, and real load."""

import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine import IMAGES, Engine, obstacle, running_engine
from tests.questions import Answer as Choice
from tests.rendering import Renders, render
from tests.stack import HARDENED, Client, Stack, WebSocket, until
from tests.summary import Count
from tests.test_pipelines import lines_of
from tests.tools import run
from tests.trees import Tree
from tests.variants import services

pytestmark = pytest.mark.suites

EVERYTHING: dict[str, Choice] = {
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
LITTLE: dict[str, Choice] = {
    "project_name": "Little",
    "database": "sqlite",
    "auth": "none",
    "package_manager": "pip",
}
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
COMMIT = "c0ffee1"
PRODUCTION = "compose.production.yml"
TLS = "compose.tls.yml"
BODY_LIMIT = 1_048_576
USER = "10001"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    if reason := obstacle():
        pytest.skip(reason)
    with running_engine() as engine:
        yield engine


def project_of(renders: Renders, answers: dict[str, Choice], folder: Path) -> Path:
    project = folder / "project"
    render(renders.source, project, answers)
    return project


def build(engine: Engine, project: Path, image: str, *options: str) -> tuple[int, str]:
    """Return the seconds that it took, and what it said."""
    begin = time.monotonic()
    result = engine.attempt("build", "--tag", image, *options, project, cwd=project)
    assert result.returncode == 0, result.stderr
    return round(time.monotonic() - begin), result.stderr


def warnings(output: str) -> list[str]:
    """What steps of a build have said, and not what they are."""
    return re.findall(r"^#\d+ [\d.]+ WARNING: (.*?:)", output, re.MULTILINE)


def size(engine: Engine, image: str) -> int:
    return round(int(engine.docker("image", "inspect", "--format", "{{.Size}}", image)) / 1e6)


def said(engine: Engine, *arguments: str) -> str:
    """What a container says that has to fail."""
    result = engine.attempt("run", "--rm", *HARDENED, *arguments)
    assert result.returncode in {1, 2}, result
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


def in_image(engine: Engine, image: str, line: str) -> str:
    return engine.docker("run", "--rm", "--entrypoint", "sh", image, "-c", line).strip()


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


class Load:
    """Creates items as fast as it can, each over a connection of its own, until refused."""

    def __init__(self, address: tuple[str, int], client: Client) -> None:
        self.address = address
        self.token = client.headers["Authorization"]
        self.answered: set[str] = set()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(4)]

    def request(self, name: str) -> bytes:
        body = json.dumps({"name": name}).encode()
        lines = (
            "POST /items HTTP/1.1",
            "Host: app",
            f"Authorization: {self.token}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        return "\r\n".join([*lines, "", ""]).encode() + body

    def run(self, thread: int) -> None:
        number = 0
        while not self.ended.is_set():
            number += 1
            name = f"load-{thread}-{number}"
            try:
                with socket.create_connection(self.address, timeout=30) as connection:
                    connection.sendall(self.request(name))
                    self.read(connection, name)
            except OSError:
                return

    def read(self, connection: socket.socket, name: str) -> None:
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        # Complete, that is with the name in its body.
        if head.startswith(b"HTTP/1.1 201") and json.loads(body)["name"] == name:
            self.answered.add(name)


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


def test_little(engine: Engine, renders: Renders, tmp_path: Path, count: Count) -> None:
    project = project_of(renders, LITTLE, tmp_path)
    image = "little:production"
    is_built_with_pip(engine, project, image, count)
    is_built_by_its_pipeline(engine, project)
    runs_alone(engine, image)
    reloads_while_developing(engine, project)

    run("sh", "deploy/secrets.sh", cwd=project)
    with Stack(engine, project, PRODUCTION).running() as stack:
        client = stack.client("HTTP")
        client.create("lamp")
        stack.again("--force-recreate")
        assert client.names() == {"lamp"}
    count("projects composed of containers")


def is_built_with_pip(engine: Engine, project: Path, image: str, count: Count) -> None:
    cold, output = build(engine, project, image, "--no-cache")
    assert warnings(output) == [
        "there is no constraints.txt, so each build may get other packages:"
    ]
    listing = (
        "import importlib.metadata as m; "
        "print(*(f'{d.name}=={d.version}' for d in m.distributions() if d.name != 'little'))"
    )
    found = in_image(engine, image, f'python -c "{listing}"').split()
    older = [line for line in found if not line.startswith("orjson==")]
    (project / "constraints.txt").write_text("\n".join([*older, "orjson==3.13.0"]) + "\n")
    warm, output = build(engine, project, image)
    assert warnings(output) == []
    assert "3.13.0" in in_image(
        engine, image, "python -c 'import orjson; print(orjson.__version__)'"
    )
    count("seconds: image of little, from nothing", cold)
    count("seconds: image of little, its packages locked again", warm)
    count("MB: image of little", size(engine, image))


def is_built_by_its_pipeline(engine: Engine, project: Path) -> None:
    script = "\n".join(lines_of(project, "ci", "image"))
    variables = {**engine.settings, "GITHUB_SHA": COMMIT}

    assert "Usage: app" in run("bash", "-eo", "pipefail", "-c", script, cwd=project, env=variables)


def runs_alone(engine: Engine, image: str) -> None:
    """With nothing but a volume, and without a right."""
    options = (
        *(*HARDENED, "--volume", "little:/data"),
        *("--env", "DATABASE_URL=sqlite+aiosqlite:////data/app.db"),
        *("--env", "APP_ENVIRONMENT=production", "--env", "APP_HOSTS=*.example.com"),
    )
    engine.docker("run", "--rm", *options, image, "migrate")
    container = engine.docker(
        *("run", "--detach", "--publish", "127.0.0.1::8000", *options),
        *("--env", "SERVER_WORKERS=2", "--health-start-interval", "1s", image),
    ).strip()
    address = engine.docker("port", container, "8000").strip()
    client = Client(f"http://{address}")
    for _ in until():
        health = engine.docker("inspect", "--format", "{{.State.Health.Status}}", container)
        if health.strip() == "healthy":
            break
    assert client.get("/health/ready", Host="api.example.com").status == 200
    assert client.get("/health/ready", Host="api.example.org").status == 400
    engine.docker("stop", "--time", "40", container)
    assert engine.docker("inspect", "--format", "{{.State.ExitCode}}", container).strip() == "0"
    engine.docker("rm", "--volumes", container)


HELLO = """

@app.get("/hello")
async def hello() -> str:
    return "hello"
"""


def reloads_while_developing(engine: Engine, project: Path) -> None:
    with Stack(engine, project, "compose.yml").running("--build") as stack:
        client = stack.client("APP")
        assert client.get("/hello").status == 404
        with (project / "app" / "main.py").open("a") as code:
            code.write(HELLO)
        for _ in until():
            try:
                if client.get("/hello").json == "hello":
                    break
            except (OSError, subprocess.SubprocessError):
                continue  # it starts again


def test_nginx_takes_every_configuration(
    engine: Engine, renders: Renders, tmp_path: Path, count: Count
) -> None:
    trees = [
        tree
        for service in services()
        for tree in map(Tree, renders.trees(service.variants))
        if "deploy/nginx/nginx.conf" in tree.names
    ]
    found = {
        tuple((name, tree.files[name]) for name in tree.names if name.startswith("deploy/nginx/"))
        for tree in trees
    }
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "certificate.pem"),
        cwd=secrets,
    )
    for number, files in enumerate(sorted(found)):
        folder = tmp_path / str(number)
        for name, content in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        for server in ("http", "https"):
            target = folder / server
            shutil.copytree(folder / "deploy" / "nginx", target)
            (target / f"{server}.conf").rename(target / "server.conf")
            engine.docker(
                *("run", "--rm", "--volume", f"{target}:/etc/nginx:ro"),
                *("--volume", f"{secrets}:/run/secrets:ro", IMAGES["nginx"], "-t"),
            )

    assert found
    count("configurations that nginx takes", 2 * len(found))
