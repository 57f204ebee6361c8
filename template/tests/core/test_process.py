import json
import signal
import socket
import time
from pathlib import Path

from tests.process import Service, outcome, running


def test_stop_finishes_what_has_begun(tmp_path: Path, migrated_database: str) -> None:
    settings = {"DATABASE_URL": migrated_database, "SERVER_TRUSTED_PROXIES": "10.0.0.1"}
    with running(tmp_path, **settings) as service:
        service.client.get("/items", headers={"X-Forwarded-For": "203.0.113.9"})
        body = json.dumps({"name": "slow"}).encode()
        with socket.create_connection(("127.0.0.1", service.port)) as client:
            client.sendall(
                b"POST /items HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode()
            )
            assert client.recv(1000).startswith(b"HTTP/1.1 100")  # it has begun
            service.process.send_signal(signal.SIGTERM)
            wait_for_line(service, "Shutting down")
            client.sendall(body)
            answer = client.recv(1000)

    # 401 where one has to log in: in either case it was read to its end, and answered.
    assert answer.startswith((b"HTTP/1.1 201", b"HTTP/1.1 401"))
    assert service.process.returncode == 0
    assert service.clients() == ["127.0.0.1", "127.0.0.1"]
    assert "Application startup complete." in service.log()


def wait_for_line(service: Service, text: str) -> None:
    deadline = time.monotonic() + 10
    while text not in service.log():
        assert time.monotonic() < deadline, service.log()
        time.sleep(0.01)


def test_unsafe_settings_are_refused_in_a_line(tmp_path: Path) -> None:
    code, output = outcome(tmp_path, APP_ENVIRONMENT="production", APP_DEBUG="true")

    assert code == 1
    assert "APP_DEBUG" in output
    assert "Traceback" not in output
