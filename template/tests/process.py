"""The service as a process: started by its command, spoken to over the network, stopped."""

import json
import os
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from app.core.http import trusted
from tests.processes import ModuleProcess


class Service:
    """A running `app serve`."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.port = port
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", verify=trusted())
        self.output = folder / f"{port}.log"
        environment = {**os.environ, "LOG_FORMAT": "json", **settings}
        self.process = ModuleProcess(
            "app",
            *("serve", "--port", str(port), *arguments),
            environment=environment,
            output=self.output,
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.client.get("/health/startup").status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.02)
        raise TimeoutError(self.log())

    def log(self) -> str:
        return self.output.read_text()

    def clients(self) -> list[str]:
        """Return whom the requests in the log came from."""
        lines = [json.loads(line) for line in self.log().splitlines()]
        return [line["client"] for line in lines if line["event"] == "request"]


@contextmanager
def running(folder: Path, *arguments: str, **settings: str) -> Generator[Service]:
    service = Service(folder, *arguments, **settings)
    try:
        service.wait_until_ready()
        yield service
    finally:
        service.process.terminate()
        service.process.wait(20)
        service.client.close()


def outcome(folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """Return the exit code and the output of one that ends by itself."""
    service = Service(folder, *arguments, **settings)
    service.client.close()
    return service.process.wait(30), service.log()
