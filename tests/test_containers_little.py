"""The image and the Compose files of little: SQLite, pip, nothing that is optional."""

import subprocess
from pathlib import Path

import pytest

from tests.engine import Engine
from tests.images import COMMIT, PRODUCTION, build, in_image, project_of, size, warnings
from tests.questions import Answer
from tests.rendering import Renders
from tests.stack import HARDENED, Client, Stack, until
from tests.summary import Count
from tests.test_pipelines import lines_of
from tests.tools import run

pytestmark = pytest.mark.suites

LITTLE: dict[str, Answer] = {
    "project_name": "Little",
    "database": "sqlite",
    "auth": "none",
    "package_manager": "pip",
}


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
