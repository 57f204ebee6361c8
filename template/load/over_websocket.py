"""Load over the WebSocket: many who subscribe, and one who creates an item every two seconds.

How to point it at a service, and what the numbers mean: docs/load.md.
"""

import json
import os
import time
from http import HTTPStatus
from typing import Any

from locust import FastHttpUser, User, constant, task
from websocket import WebSocketException, create_connection

# Who is asking, such as "Authorization: Bearer …".
HEADERS = dict([os.environ["LOAD_HEADER"].split(": ", 1)]) if "LOAD_HEADER" in os.environ else {}
QUIET_SECONDS = 60  # the server pings more often


class Subscriber(User):
    """Hears each item once; the time is from the moment before its creation was asked for."""

    wait_time = constant(1)
    last = ""

    @task
    def listen(self) -> None:
        """Listen until the socket is closed, and come back for what is missed meanwhile."""
        begin = time.time()
        url = str(self.host).replace("http", "ws", 1) + "/ws"
        subscribe = {"type": "subscribe", "topic": "items"}
        if self.last:
            subscribe["after"] = self.last
        try:
            socket = create_connection(url, timeout=QUIET_SECONDS, header=HEADERS)
            socket.send(json.dumps(subscribe))
            # The server ends a connection that is old: an empty message, and no failure.
            while message := socket.recv():
                self.hear(json.loads(message), begin, len(message))
        except (OSError, WebSocketException) as error:
            self.count("connection", begin, error=error)

    def hear(self, message: dict[str, Any], begin: float, size: int) -> None:
        self.last = message.get("id", self.last)
        if message["type"] == "subscribed":
            self.count("subscribed", begin)
        elif message["type"] == "event" and message["name"] == "item.created":
            name = message["data"]["name"]
            if name.startswith("Load "):
                self.count("item.created", float(name.removeprefix("Load ")), size)
        elif message["type"] in {"reset", "error"}:
            self.count(message["type"], begin, size, RuntimeError(message))

    def count(self, name: str, begin: float, size: int = 0, error: Exception | None = None) -> None:
        self.environment.events.request.fire(
            request_type="WebSocket",
            name=name,
            response_time=(time.time() - begin) * 1000,
            response_length=size,
            exception=error,
            context=self.context(),
        )


class Writer(FastHttpUser):
    """Creates what the others hear of, and removes it."""

    default_headers = HEADERS
    wait_time = constant(2)
    fixed_count = 1

    @task
    def create_item(self) -> None:
        answer = self.client.post("/items", json={"name": f"Load {time.time()}"})
        if answer.status_code == HTTPStatus.CREATED:
            self.client.delete(f"/items/{answer.json()['id']}", name="/items/{id}")
