"""Modules that run in processes of their own, as `python -m` runs them.

Importing the service takes a second. On Linux, a process is therefore a copy of one that has done
so and waits (Python's `forkserver`); elsewhere each imports it once more.
"""

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from socket import socket

import coverage

from app.core.settings import forget_all

COPIED = sys.platform == "linux"  # Apple's own libraries do not work in a copy

# Not `app.main`: that reads the settings, and each process has its own. Uvicorn and SQLAlchemy
# choose the others when the service starts.
IMPORTED = [
    *("app.features", "app.commands.server", "app.core.metrics"),
    *("app.core.error_handlers", "app.core.health", "app.core.middleware", "app.core.openapi"),
    *("uvicorn.loops.uvloop", "uvicorn.protocols.http.httptools_impl", "uvicorn.lifespan.on"),
    *("aiosqlite", "asyncpg", "tests.processes"),
    *("sqlalchemy.dialects.sqlite.aiosqlite", "sqlalchemy.dialects.postgresql.asyncpg"),
]

COVERAGE = "COVERAGE_PROCESS_CONFIG"


def prepare() -> None:
    """Begin to import what the processes need, beside what runs here."""
    if not COPIED:
        return
    forkserver.set_forkserver_preload(IMPORTED)
    # The one that waits would be measured until the session has ended, and its data come too late.
    measured = os.environ.pop(COVERAGE, None)
    forkserver.ensure_running()
    if measured is not None:
        os.environ[COVERAGE] = measured


class ModuleProcess:
    """A running `python -m module ...`, with what tests use of `subprocess.Popen`."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        output: Path,
        environment: Mapping[str, str],
        listening: socket | None = None,
    ) -> None:
        """Start it; where it is given a socket, its last argument is the number of that."""
        prepare()
        command = (module, arguments, str(output), dict(environment), listening)
        self._process = new_process(command)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutError(f"process {self.pid} still runs after {timeout} seconds")
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self._process.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._process.kill()


def new_process(command: tuple[object, ...]) -> BaseProcess:
    if COPIED:
        return multiprocessing.get_context("forkserver").Process(target=run, args=command)
    return multiprocessing.get_context("spawn").Process(target=run, args=command)


def run(
    module: str,
    arguments: tuple[str, ...],
    output: str,
    environment: dict[str, str],
    listening: socket | None,
) -> None:
    """Become the process: its environment, its output, its module."""
    os.environ.clear()
    os.environ.update(environment)
    with Path(output).open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if listening is not None:
        arguments = (*arguments, str(listening.fileno()))
    sys.argv = [module, *arguments]
    forget_all()
    # One that is no copy is measured from its first line on.
    measuring = coverage.process_startup() if COPIED else None
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        if measuring is not None:
            measuring.stop()
            measuring.save()
