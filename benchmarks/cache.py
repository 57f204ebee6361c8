"""What a hit in the cache costs against a read of the database: GET /items/{item_id}."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.request import Request, urlopen

import copier
from auth import cpu_seconds
from service import ROOT, ROUNDS, SECONDS, SETTINGS, answers, found

PATIENCE = 60
WAYS = ("database", "process", "Redis")

# Serves until its input ends.
POSTGRES = """
import sys
from pathlib import Path
from app.postgres.server import run_postgres

with run_postgres(Path(sys.argv[1]), durable=False) as postgres:
    print(postgres.url("postgres"), flush=True)
    sys.stdin.read()
"""
REDIS = """
import sys
from app.redis.server import find_program, run_server

with run_server(find_program()) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


class Service(NamedTuple):
    item: str
    pid: int


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for database in ("sqlite", "postgres"):
            project = rendered(Path(folder, database), database)
            compare(project, database, Path(folder))


def rendered(project: Path, database: str) -> Path:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    data = {"database": database, "auth": "none", "cache": True, "python_version": version}
    copier.run_copy(str(ROOT), project, data, defaults=True, quiet=True, vcs_ref="HEAD")
    sync = ["uv", "sync", "--quiet", "--python", sys.executable]
    subprocess.run(sync, cwd=project, check=True)
    return project


def compare(project: Path, database: str, folder: Path) -> None:
    """Ask three services of one database, in turn."""
    with ExitStack() as stack:
        environment = {**os.environ, **SETTINGS, "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/db"}
        if database == "postgres":
            url = stack.enter_context(helper(project, POSTGRES, str(folder / "data")))
            environment["DATABASE_URL"] = url
        redis = stack.enter_context(helper(project, REDIS))
        migrate = [".venv/bin/app", "migrate"]
        subprocess.run(migrate, cwd=project, env=environment, check=True, capture_output=True)
        changes = {
            "database": {"CACHE_ENABLED": "false"},
            "process": {},
            "Redis": {"REDIS_URL": redis},
        }
        services = {
            way: stack.enter_context(serving(project, {**environment, **changes[way]}))
            for way in WAYS
        }
        rounds = [{way: measure(services[way]) for way in WAYS} for _ in range(ROUNDS)]
    report(database, rounds)


@contextmanager
def helper(project: Path, program: str, *arguments: str) -> Generator[str]:
    """Run a program of the project's own that prints an address and serves there."""
    with subprocess.Popen(
        [".venv/bin/python", "-c", program, *arguments],
        cwd=project,
        env={**os.environ, "APP_ENVIRONMENT": "test"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        yield process.stdout.readline().strip()
        process.stdin.close()


@contextmanager
def serving(project: Path, environment: dict[str, str]) -> Generator[Service]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [".venv/bin/app", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.DEVNULL)
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
    try:
        while not answers(f"{url}/health/live"):
            assert process.poll() is None, "the service has ended"
            assert time.monotonic() < end, "the service does not answer"
            time.sleep(0.02)
        yield Service(create_item(url), process.pid)
    finally:
        process.terminate()
        process.wait()


def create_item(url: str) -> str:
    body = json.dumps({"name": "Desk lamp", "description": "Brass. " * 100}).encode()
    request = Request(f"{url}/items", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=PATIENCE) as answer:
        return f"{url}{answer.headers['Location']}"


def measure(service: Service) -> tuple[float, float]:
    """Return the requests of a second, and the microseconds of CPU of each."""
    command = ["wrk", "-t1", "-c32", service.item]
    subprocess.run([*command, "-d1s"], check=True, capture_output=True)
    before = cpu_seconds(service.pid)
    timed = [*command, f"-d{SECONDS}s"]
    output = subprocess.run(timed, check=True, capture_output=True, text=True).stdout
    used = cpu_seconds(service.pid) - before
    assert "Non-2xx" not in output, output
    requests = int(found(r"(\d+) requests in", output)[0])
    return float(found(r"Requests/sec:\s+([\d.]+)", output)[0]), used / requests * 1e6


def report(database: str, rounds: list[dict[str, tuple[float, float]]]) -> None:
    print(f"GET /items/{{item_id}} on {database}, 32 connections, median of {ROUNDS} rounds")
    for way in WAYS:
        rate, cpu = (median(one[way][figure] for one in rounds) for figure in (0, 1))
        ratio = median(one[way][0] / one["database"][0] for one in rounds)
        print(f"  {way:8} requests/s {rate:6.0f}   ratio {ratio:.2f}   CPU {cpu:5.0f} µs")


if __name__ == "__main__":
    main()
