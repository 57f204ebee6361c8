"""Modules that run in processes of their own, as `python -m` runs them.

Importing the service takes a second. On Linux, a process is therefore a copy of this one, as it was
before the first test; elsewhere each imports the service once more.
"""

import os
import runpy
import signal
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection, Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path
from socket import socket
from typing import TypeVar

import coverage

from app.core.http import trusted
from app.core.settings import forget_all

COPIED = sys.platform == "linux"  # Apple's own libraries do not work in a copy

T = TypeVar("T")
Command = tuple[str, tuple[str, ...], str, dict[str, str], socket | None]

started: dict[int, BaseProcess] = {}


def start(command: Command) -> int:
    context = get_context("fork") if COPIED else get_context("spawn")
    process: BaseProcess = context.Process(target=run, args=command)
    process.start()
    assert process.pid is not None
    started[process.pid] = process
    return process.pid


def wait(pid: int, timeout: float | None) -> int | None:
    started[pid].join(timeout)
    return started[pid].exitcode


@cache
def prepare() -> Connection:
    """Copy this process, and return the connection over which the copy starts others for it."""
    trusted()  # once for all of them
    ours, theirs = Pipe()
    with warnings.catch_warnings(action="ignore"):  # other threads hold nothing that it needs
        copied = os.fork() == 0
    if copied:
        ours.close()
        serve(theirs)
    theirs.close()
    return ours


def serve(asking: Connection) -> None:
    """Do what the other process asks for, and end with it."""
    try:
        if (measuring := coverage.Coverage.current()) is not None:
            measuring.stop()
        warnings.resetwarnings()  # in a test they are errors
        with suppress(EOFError, ConnectionError):
            while True:
                function, *arguments = asking.recv()
                asking.send(function(*arguments))
    finally:
        for process in started.values():
            process.kill()
        os._exit(0)  # whatever has happened: it must not go on to run the tests


def ask(function: Callable[..., T], *arguments: object) -> T:
    """Let the copy do it, where there is one."""
    if not COPIED:
        return function(*arguments)
    prepare().send((function, *arguments))
    answer: T = prepare().recv()
    return answer


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
        command = (module, arguments, str(output), dict(environment), listening)
        self.pid = ask(start, command)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        self.returncode = ask(wait, self.pid, 0)
        return self.returncode

    def wait(self, timeout: float) -> int:
        self.returncode = ask(wait, self.pid, timeout)
        if self.returncode is None:
            raise TimeoutError(f"process {self.pid} still runs after {timeout} seconds")
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


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
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1) for number in (1, 2))
    if listening is not None:
        arguments = (*arguments, str(listening.fileno()))
    sys.argv = [module, *arguments]
    forget_all()
    sys.modules.pop("app.main", None)  # it reads the settings, and each process has its own
    # One that is no copy is measured from its first line on.
    measuring = coverage.process_startup(force=True) if COPIED else None
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        if measuring is not None:
            measuring.stop()
            measuring.save()
