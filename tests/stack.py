"""A rendered project in containers, and clients that speak to it as strangers do."""

import base64
import json
import os
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.engine import Engine
from tests.service import free_port

PATIENCE = 60  # seconds
HARDENED = (
    *("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),  # noqa: S108  (in the container)
    *("--security-opt", "no-new-privileges"),
)


class Answer:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Speaks HTTP, Server-sent events and WebSocket to an address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.headers: dict[str, str] = {}

    def send(self, method: str, path: str, data: Any = None, **headers: str) -> Answer:
        body = None
        sent = {**self.headers, **{name.replace("_", "-"): text for name, text in headers.items()}}
        if isinstance(data, bytes):
            body = data
        elif data is not None:
            body = json.dumps(data).encode()
            sent.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.url + path, body, sent, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:  # noqa: S310
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def log_in(self, email: str, password: str) -> None:
        form = {"grant_type": "password", "username": email, "password": password}
        kind = "application/x-www-form-urlencoded"
        answer = self.send(
            "POST", "/auth/token", urllib.parse.urlencode(form).encode(), Content_Type=kind
        )
        self.headers["Authorization"] = f"Bearer {answer.json['access_token']}"

    def create(self, name: str) -> None:
        answer = self.send("POST", "/items", {"name": name})
        assert answer.status == 201, answer.body

    def names(self) -> set[str]:
        found: set[str] = set()
        after = ""
        while True:
            page = self.get(f"/items?limit=100{after}").json
            found |= {item["name"] for item in page["items"]}
            if not page.get("next_cursor"):
                return found
            after = f"&cursor={urllib.parse.quote(page['next_cursor'])}"

    def events(self, topic: str) -> Iterator[tuple[str, Any]]:
        """Names and data, each as soon as it has come."""
        address = f"{self.url}/events?topic={topic}"
        request = urllib.request.Request(address, headers=self.headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=PATIENCE) as stream:  # noqa: S310
            event = ""
            for line in stream:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    event = value
                elif name == "data":
                    yield event, json.loads(value)


class WebSocket:
    """As little of RFC 6455 as it takes: texts that fit into one frame."""

    def __init__(self, client: Client) -> None:
        where = urllib.parse.urlsplit(client.url)
        self.socket = socket.create_connection((where.hostname, where.port), timeout=PATIENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            "GET /ws HTTP/1.1",
            f"Host: {where.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            *(f"{name}: {value}" for name, value in client.headers.items()),
        ]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.input = self.socket.makefile("rb")
        status = self.input.readline()
        assert b" 101 " in status, status + self.input.read(500)
        while self.input.readline().strip():
            pass

    def send(self, message: Any) -> None:
        data = json.dumps(message).encode()
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        assert len(data) < 126
        self.socket.sendall(bytes([0x81, 0x80 | len(data)]) + mask + masked)

    def receive(self, kind: str) -> Any:
        """Return the next message of a type."""
        while True:
            code, length = self.input.read(2)
            if length == 126:
                (length,) = struct.unpack(">H", self.input.read(2))
            data = self.input.read(length)
            assert code != 0x88, f"closed: {data!r}"
            if code == 0x81 and (message := json.loads(data))["type"] == kind:
                return message

    def close(self) -> None:
        self.input.close()
        self.socket.close()


class Stack:
    """A Compose file of a project."""

    def __init__(self, engine: Engine, project: Path, *files: str) -> None:
        self.engine = engine
        self.project = project
        self.files = [part for file in files for part in ("--file", file)]
        self.ports = {
            name: str(free_port()) for name in ("HTTP", "HTTPS", "APP", "PROMETHEUS", "MAIL")
        }
        self.settings = {
            # Compose takes an address in the place of a port, too.
            "HTTP_PORT": f"127.0.0.1:{self.ports['HTTP']}",
            "HTTPS_PORT": f"127.0.0.1:{self.ports['HTTPS']}",
            "APP_PORT": self.ports["APP"],
            "PROMETHEUS_PORT": self.ports["PROMETHEUS"],
            "MAIL_PORT": self.ports["MAIL"],
        }

    def compose(self, *arguments: str, **settings: str) -> str:
        return self.engine.docker(
            "compose", *self.files, *arguments, cwd=self.project, **self.settings, **settings
        )

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.engine.attempt(
            "compose", *self.files, *arguments, cwd=self.project, **self.settings
        )

    @contextmanager
    def running(self, *options: str, **settings: str) -> Iterator["Stack"]:
        """Up and healthy. What came of it is shown where that fails."""
        try:
            result = self.attempt_up(*options, **settings)
            assert result.returncode == 0, result.stderr[-3000:] + self.logs()[-8000:]
            yield self
        finally:
            self.compose("down", "--volumes", "--timeout", "40")

    def attempt_up(self, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
        arguments = ("compose", *self.files, "up", "--detach", "--wait", *options)
        return self.engine.attempt(*arguments, cwd=self.project, **self.settings, **settings)

    def again(self, *options: str) -> None:
        """Start what has ended."""
        result = self.attempt_up(*options)
        assert result.returncode == 0, result.stderr[-3000:] + self.logs()[-8000:]

    def logs(self, *services: str) -> str:
        return self.compose("logs", "--no-color", "--no-log-prefix", *services)

    def container(self, service: str) -> str:
        return self.compose("ps", "--all", "--quiet", service).strip()

    def state(self, service: str, key: str) -> Any:
        inspected = self.engine.docker("inspect", self.container(service))
        return json.loads(inspected)[0]["State"][key]

    def client(self, port: str) -> Client:
        return Client(f"http://127.0.0.1:{self.ports[port]}")


def until(seconds: float = PATIENCE) -> Iterator[None]:
    """Again and again, until the caller leaves the loop; it fails after some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.2)
    raise AssertionError("it did not happen in time")
