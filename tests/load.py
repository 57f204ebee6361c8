"""Requests without end, to see what becomes of them when a service stops."""

import json
import socket
import threading

from tests.stack import Client


class Load:
    """Creates items as fast as it can, each over a connection of its own, until refused."""

    def __init__(self, address: tuple[str, int], client: Client) -> None:
        self.address = address
        self.token = client.headers["Authorization"]
        self.answered: set[str] = set()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(4)]

    def request(self, name: str) -> bytes:
        body = json.dumps({"name": name}).encode()
        lines = (
            "POST /items HTTP/1.1",
            "Host: app",
            f"Authorization: {self.token}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        return "\r\n".join([*lines, "", ""]).encode() + body

    def run(self, thread: int) -> None:
        number = 0
        while not self.ended.is_set():
            number += 1
            name = f"load-{thread}-{number}"
            try:
                with socket.create_connection(self.address, timeout=30) as connection:
                    connection.sendall(self.request(name))
                    self.read(connection, name)
            except OSError:
                return

    def read(self, connection: socket.socket, name: str) -> None:
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        # Complete, that is with the name in its body.
        if head.startswith(b"HTTP/1.1 201") and json.loads(body)["name"] == name:
            self.answered.add(name)
