"""Load over server-sent events: many who listen, and one who creates an item every two seconds.

How to point it at a service, and what the numbers mean: docs/load.md.
"""

import json
import os
import time
from contextlib import closing
from http import HTTPStatus

from locust import FastHttpUser, HttpUser, constant, task

# Who is asking, such as "Authorization: Bearer …".
HEADERS = dict([os.environ["LOAD_HEADER"].split(": ", 1)]) if "LOAD_HEADER" in os.environ else {}


class Listener(HttpUser):
    """Hears each item once; the time is from the moment before its creation was asked for."""

    wait_time = constant(1)
    last = ""

    @task
    def listen(self) -> None:
        """Listen until the stream ends, and come back for what is missed meanwhile."""
        headers = {**HEADERS, **({"Last-Event-ID": self.last} if self.last else {})}
        answer = self.client.get("/events?topic=items", headers=headers, stream=True)
        if answer.status_code != HTTPStatus.OK:
            return
        with closing(answer):
            event = ""
            for line in answer.iter_lines():
                field, _, value = line.decode().partition(": ")
                if field == "id":
                    self.last = value
                elif field == "event":
                    event = value
                elif field == "data":
                    self.hear(event, value)

    def hear(self, event: str, data: str) -> None:
        delay = 0.0
        if event == "item.created" and (name := json.loads(data)["name"]).startswith("Load "):
            delay = (time.time() - float(name.removeprefix("Load "))) * 1000
        elif event != "reset":
            return
        self.environment.events.request.fire(
            request_type="SSE",
            name=event,
            response_time=delay,
            response_length=len(data),
            exception=RuntimeError("events may have been missed") if event == "reset" else None,
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
