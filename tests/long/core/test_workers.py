"""Several workers by the program that was installed: each of them imports all by itself."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2


def wait_until_ready(client: httpx2.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/health/startup").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.02)
    raise TimeoutError


def test_several_workers_serve_and_stop(migrated_database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("app")
    with (
        subprocess.Popen(  # noqa: S603  (our own command)
            [program, "serve", "--port", str(port), "--workers", "2"],
            env={**os.environ, "DATABASE_URL": migrated_database},
        ) as process,
        # A new connection for each request, so that every worker gets some.
        httpx2.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Connection": "close"}
        ) as client,
    ):
        try:
            wait_until_ready(client, process)
            answers = [client.get("/health/ready") for _ in range(20)]
            metrics = client.get("/metrics").text
        finally:
            process.terminate()

    assert {answer.status_code for answer in answers} == {200}
    assert not any("server" in answer.headers for answer in answers)
    assert 'route="/health/ready",status="200"} 20.0' in metrics
    assert process.returncode == 0
