"""The service as a process: started by its command, spoken to over the network, stopped."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2


class Service:
    """A running `app serve`."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.port = port
        # A new connection for each request, so that every worker gets some.
        self.client = httpx2.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Connection": "close"}
        )
        self.output = folder / f"{port}.log"
        command = [sys.executable, "-m", "app", "serve", "--port", str(port), *arguments]
        environment = {**os.environ, "LOG_FORMAT": "json", **settings}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603  (our own command)
                command, env=environment, stdout=output, stderr=subprocess.STDOUT
            )

    def wait_until_ready(self) -> None:
        for _ in range(300):
            try:
                if self.client.get("/health/startup").status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.1)
        raise TimeoutError(self.log())

    def log(self) -> str:
        return self.output.read_text()


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
