"""What it costs to enqueue a task, and how many a worker gets done: over one Redis, on SQLite."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

import copier
from auth import cpu_seconds
from cache import REDIS, helper, serving
from service import ROOT, ROUNDS, SECONDS, SETTINGS, found

TASKS = 500
# Each is one row: an item, and a task.
WAYS = {
    "/items": """
        wrk.method, wrk.body = "POST", '{"name": "x"}'
        wrk.headers["Content-Type"] = "application/json"
    """,
    "/item-reports": 'wrk.method = "POST"',
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = rendered(Path(folder, "project"))
        with helper(project, REDIS) as redis:
            environment = {
                **os.environ,
                **SETTINGS,
                "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/db",
                "RATELIMIT_ENABLED": "false",
                "TASKS_BROKER_URL": redis,
            }
            app = [project / ".venv/bin/app"]
            subprocess.run([*app, "migrate"], cwd=project, env=environment, check=True)
            compare(project, environment, Path(folder))
            # Those that were enqueued for the comparison are not to be counted.
            environment["DATABASE_URL"] = f"sqlite+aiosqlite:///{folder}/other"
            environment["TASKS_NAMESPACE"] = "other"
            subprocess.run([*app, "migrate"], cwd=project, env=environment, check=True)
            finish(project, environment)


def rendered(project: Path) -> Path:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    data = {"auth": "none", "tasks": True, "python_version": version}
    copier.run_copy(str(ROOT), project, data, defaults=True, quiet=True, vcs_ref="HEAD")
    sync = ["uv", "sync", "--quiet", "--python", sys.executable]
    subprocess.run(sync, cwd=project, check=True)
    return project


def compare(project: Path, environment: dict[str, str], folder: Path) -> None:
    """Create items and tasks, in turn."""
    with serving(project, environment) as service:
        url = service.item.rpartition("/items/")[0]
        rounds = [
            {
                path: measure(f"{url}{path}", script, service.pid, folder)
                for path, script in WAYS.items()
            }
            for _ in range(ROUNDS)
        ]
    print(f"POST, 32 connections, median of {ROUNDS} rounds")
    for path in WAYS:
        rate, cpu = (median(one[path][figure] for one in rounds) for figure in (0, 1))
        ratio = median(one[path][0] / one["/items"][0] for one in rounds)
        print(f"  {path:14} requests/s {rate:6.0f}   ratio {ratio:.2f}   CPU {cpu:5.0f} µs")


def measure(url: str, script: str, pid: int, folder: Path) -> tuple[float, float]:
    """Return the requests of a second, and the microseconds of CPU of each."""
    program = folder / "post.lua"
    program.write_text(script)
    before = cpu_seconds(pid)
    command = ["wrk", "-t1", "-c32", f"-d{SECONDS}s", "-s", str(program), url]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    used = cpu_seconds(pid) - before
    assert "Non-2xx" not in output, output
    requests = int(found(r"(\d+) requests in", output)[0])
    return float(found(r"Requests/sec:\s+([\d.]+)", output)[0]), used / requests * 1e6


def finish(project: Path, environment: dict[str, str]) -> None:
    """Enqueue tasks, start a worker, and wait until all are done."""
    with serving(project, environment) as service:
        url = service.item.rpartition("/items/")[0]
        for _ in range(TASKS):
            urlopen(Request(f"{url}/item-reports", b"", method="POST")).close()
        command = [".venv/bin/app", "tasks", "worker", "--concurrency", "2"]
        worker = subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.DEVNULL)
        while left(url, "done"):
            time.sleep(0.02)
        begin = time.perf_counter()
        while left(url, "sent") or left(url, "running") or left(url, "waiting"):
            time.sleep(0.05)
        print(
            f"{TASKS} tasks by two processes: {TASKS / (time.perf_counter() - begin):.0f} a second"
        )
        worker.terminate()
        worker.wait()


def left(url: str, state: str) -> bool:
    """Whether there are tasks in a state; for "done", whether there are none yet."""
    with urlopen(f"{url}/tasks?limit=1&state={state}") as response:
        return bool(json.load(response)["items"]) is not (state == "done")


if __name__ == "__main__":
    main()
