"""A rendered service as a process that answers on a port."""

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.projects import Project
from tests.tools import environment


@contextmanager
def serving(project: Project, **settings: str) -> Iterator[str]:
    """Migrate and serve as in production; yield the address."""
    project.run("app", "migrate", **settings)
    port = settings.get("SERVER_PORT") or str(free_port())
    url = f"http://127.0.0.1:{port}"
    log = project.path / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [project.bin / "app", "serve", "--port", port],
            cwd=project.path,
            env=environment(**settings),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{url}/health/startup"):  # noqa: S310  (loopback)
                return
        except urllib.error.URLError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
    raise AssertionError(log.read_text())
