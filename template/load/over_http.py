"""Load over HTTP: people who look through items, open some, and keep one of their own.

How to point it at a service, and what the numbers mean: docs/load.md.
"""

import os
from http import HTTPStatus
from itertools import count

from locust import FastHttpUser, between, task

# Who is asking, such as "Authorization: Bearer …".
HEADERS = dict([os.environ["LOAD_HEADER"].split(": ", 1)]) if "LOAD_HEADER" in os.environ else {}


class Visitor(FastHttpUser):
    default_headers = HEADERS
    wait_time = between(0.5, 1.5)
    own = ""
    numbers = count()

    def on_start(self) -> None:
        answer = self.client.post("/items", json={"name": "Load"})
        if answer.status_code == HTTPStatus.CREATED:
            self.own = answer.json()["id"]

    def on_stop(self) -> None:
        if self.own:
            self.client.delete(f"/items/{self.own}", name="/items/{id}")

    @task(4)
    def list_items(self) -> None:
        self.client.get("/items?sort=-created_at&limit=20", name="/items")

    @task(8)
    def read_item(self) -> None:
        if self.own:
            self.client.get(f"/items/{self.own}", name="/items/{id}")

    @task(1)
    def update_item(self) -> None:
        if self.own:
            change = {"name": f"Load {next(self.numbers)}"}
            self.client.patch(f"/items/{self.own}", json=change, name="/items/{id}")
