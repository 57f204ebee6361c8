"""How fast events reach many listeners, and what these cost: two processes and one Redis."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import copier
from cache import REDIS, helper
from service import ROOT, SETTINGS, answers, resident_megabytes

LISTENERS = ROOT / "tests" / "listeners.py"
# Listeners over SSE, as many over WebSocket, messages, seconds between two of them.
ROUNDS = ((500, 500, 100, 0.2), (1000, 1000, 100, 0.4), (5000, 5000, 20, 3.0))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = rendered(Path(folder, "project"))
        for streams, sockets, messages, pause in ROUNDS:
            result = measure(project, streams, sockets, messages, pause)
            print(f"{streams} streams, {sockets} sockets, a message every {pause} s")
            for name, figure in result.items():
                print(f"  {name:24} {figure}")


def rendered(project: Path) -> Path:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    data = {"auth": "none", "sse": True, "websocket": True, "cache": True}
    data |= {"python_version": version}
    copier.run_copy(str(ROOT), project, data, defaults=True, quiet=True, vcs_ref="HEAD")
    sync = ["uv", "sync", "--quiet", "--python", sys.executable]
    subprocess.run(sync, cwd=project, check=True)
    return project


def measure(
    project: Path, streams: int, sockets: int, messages: int, pause: float
) -> dict[str, float]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with helper(project, REDIS) as redis:
        environment = {
            **os.environ,
            **SETTINGS,
            "REDIS_URL": redis,
            "RATELIMIT_ENABLED": "false",
            "REALTIME_MAX_CONNECTIONS": "20000",
            "REALTIME_MAX_CONNECTIONS_EACH": "20000",
            "SERVER_GRACEFUL_TIMEOUT": "5",
        }
        app = [project / ".venv/bin/app"]
        subprocess.run([*app, "migrate"], cwd=project, env=environment, check=True)
        process = subprocess.Popen(
            [*app, "serve", "--workers", "2", "--port", port],
            cwd=project,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            while not answers(f"{url}/health/startup"):
                time.sleep(0.1)
            before = memory(process.pid)
            numbers = map(str, (streams, sockets, messages, pause))
            with subprocess.Popen(
                [project / ".venv/bin/python", LISTENERS, url, *numbers],
                cwd=project,
                stdout=subprocess.PIPE,
                text=True,
            ) as client:
                assert client.stdout is not None
                client.stdout.readline()
                connected = memory(process.pid)
                result: dict[str, float] = json.loads(client.stdout.readline())
        finally:
            process.terminate()
            process.wait()
    each = (connected - before) * 1024 / (streams + sockets)
    return {**result, "kilobytes_each": round(each, 1)}


def memory(pid: int) -> float:
    """Return the resident memory of a process' children, in megabytes."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(resident_megabytes(int(child)) for child in children)


if __name__ == "__main__":
    main()
