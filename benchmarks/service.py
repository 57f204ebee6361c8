"""Compare the rendered service with bare FastAPI: throughput, latency, memory, start."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import copier

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3
SECONDS = 5
SETTINGS = {
    "APP_ENVIRONMENT": "production",
    "APP_HOSTS": "127.0.0.1",
    "CORS_ORIGINS": "https://app.example.com",
    "DATABASE_URL": "sqlite+aiosqlite:///bench.db",
    "AUTH_SECRETS": "only-for-benchmarks-0123456789-0123456789",
    "AUTH_LINK_URL": "https://app.example.com/{page}#token={token}",
    "MAIL_URL": "discard://",
    # Nothing answers there, and nothing is sent.
    "TASKS_BROKER_URL": "redis://127.0.0.1:1/1",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        answers = {"python_version": version, "sse": True, "websocket": True}
        answers |= {"cache": True, "tasks": True}
        copier.run_copy(str(ROOT), project, answers, defaults=True, quiet=True, vcs_ref="HEAD")
        sync = ["uv", "sync", "--quiet", "--no-dev", "--python", sys.executable]
        subprocess.run(sync, cwd=project, check=True)
        for connections in (32, 256):
            rounds = [
                {kind: measure(project, kind, connections) for kind in ("bare", "everything")}
                for _ in range(ROUNDS)
            ]
            report(connections, rounds)
        print(f"cold import of app.main: {cold_import(project):.2f} s")


def measure(project: Path, kind: str, connections: int) -> dict[str, float]:
    with serving(project, kind) as (url, process, started):
        command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", f"{url}/hello"]
        warm_up = ["wrk", "-t1", f"-c{connections}", "-d1s", f"{url}/hello"]
        subprocess.run(warm_up, check=True, capture_output=True)
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return {
            "requests/s": float(found(r"Requests/sec:\s+([\d.]+)", output)[0]),
            "p50 ms": milliseconds(*found(r"50%\s+([\d.]+)(\w+)", output)),
            "p99 ms": milliseconds(*found(r"99%\s+([\d.]+)(\w+)", output)),
            "memory MB": resident_megabytes(process.pid),
            "first answer s": started,
        }


@contextmanager
def serving(project: Path, kind: str) -> Generator[tuple[str, subprocess.Popen[bytes], float]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        ".venv/bin/python",
        "-m",
        "uvicorn",
        "--factory",
        f"apps:{kind}",
        "--port",
        str(port),
    ]
    command += [
        "--app-dir",
        str(Path(__file__).parent),
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    begin = time.perf_counter()
    environment = {**os.environ, **SETTINGS, "PYTHONPATH": str(project)}
    process = subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        while not answers(f"{url}/hello") and process.poll() is None:
            time.sleep(0.02)
        yield url, process, time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def report(connections: int, rounds: list[dict[str, dict[str, float]]]) -> None:
    print(f"{connections} connections, median of {ROUNDS} alternating rounds")
    for figure in rounds[0]["bare"]:
        bare, everything = (
            median(one[kind][figure] for one in rounds) for kind in ("bare", "everything")
        )
        ratio = median(one["everything"][figure] / one["bare"][figure] for one in rounds)
        print(f"  {figure:15} bare {bare:9.2f}   everything {everything:9.2f}   ratio {ratio:.2f}")


def cold_import(project: Path) -> float:
    begin = time.perf_counter()
    subprocess.run(
        [".venv/bin/python", "-c", "import app.main"],
        cwd=project,
        env={**os.environ, **SETTINGS},
        check=True,
    )
    return time.perf_counter() - begin


def resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(found(r"VmRSS:\s+(\d+)", status)[0]) / 1024


def found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    assert match, f"{pattern} not in {text}"
    return match.groups()


def milliseconds(number: str, unit: str) -> float:
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


if __name__ == "__main__":
    main()
