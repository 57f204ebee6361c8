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

from tests.processes import ModuleProcess


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
        environment = {**os.environ, "LOG_FORMAT": "json", **settings}
        self.process = self.launch(["serve", "--port", str(port), *arguments], environment)

    def launch(
        self, arguments: list[str], environment: dict[str, str]
    ) -> ModuleProcess | subprocess.Popen[bytes]:
        return ModuleProcess("app", *arguments, environment=environment, output=self.output)

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


class InstalledService(Service):
    """The same by the program that was installed: it imports all by itself."""

    def launch(self, arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        command = [str(Path(sys.executable).with_name("app")), *arguments]
        with self.output.open("wb") as output:
            return subprocess.Popen(  # noqa: S603  (our own command)
                command, env=environment, stdout=output, stderr=subprocess.STDOUT
            )


@contextmanager
def running(folder: Path, *arguments: str, **settings: str) -> Generator[Service]:
    with until_stopped(Service(folder, *arguments, **settings)) as service:
        yield service


@contextmanager
def until_stopped(service: Service) -> Generator[Service]:
    try:
        service.wait_until_ready()
        yield service
    finally:
        service.process.terminate()
        service.process.wait(20)
        service.client.close()
