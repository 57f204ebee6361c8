import json
import os
import signal
import socket
import time
from pathlib import Path

from tests.process import InstalledService, Service, running, until_stopped
from tests.processes import ModuleProcess
from tests.support import unreachable


def run(folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    service = Service(folder, *arguments, **settings)
    service.client.close()
    return service.process.wait(30), service.log()


def test_several_workers_serve_and_stop(tmp_path: Path, migrated_database: str) -> None:
    """Each of them, and the program that starts them, begins from nothing."""
    settings = {"DATABASE_URL": migrated_database}
    with until_stopped(InstalledService(tmp_path, "--workers", "2", **settings)) as service:
        answers = [service.client.get("/health/ready") for _ in range(20)]
        metrics = service.client.get("/metrics").text

    assert {answer.status_code for answer in answers} == {200}
    assert not any("server" in answer.headers for answer in answers)
    assert 'route="/health/ready",status="200"} 20.0' in metrics
    assert service.process.returncode == 0


def test_proxies_are_believed_where_they_are_named(tmp_path: Path, migrated_database: str) -> None:
    """What a client writes into the header itself comes before what the proxy adds."""
    sent = ["203.0.113.9", "198.51.100.1, 203.0.113.9", "x" * 500, "<script>"]
    with running(tmp_path, DATABASE_URL=migrated_database) as service:
        for value in sent:
            answer = service.client.get("/items", headers={"X-Forwarded-For": value})
            assert answer.status_code in {200, 401}

    assert clients(service)[:2] == ["203.0.113.9", "203.0.113.9"]


def clients(service: Service) -> list[str]:
    lines = [json.loads(line) for line in service.log().splitlines()]
    return [line["client"] for line in lines if line["event"] == "request"]


def test_stop_finishes_what_has_begun(tmp_path: Path, migrated_database: str) -> None:
    settings = {"DATABASE_URL": migrated_database, "SERVER_TRUSTED_PROXIES": "10.0.0.1"}
    with running(tmp_path, **settings) as service:
        service.client.get("/items", headers={"X-Forwarded-For": "203.0.113.9"})
        body = json.dumps({"name": "slow"}).encode()
        with socket.create_connection(("127.0.0.1", service.port)) as client:
            client.sendall(
                b"POST /items HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body[:5]
            )
            time.sleep(0.1)
            service.process.send_signal(signal.SIGTERM)
            wait_for_line(service, "Shutting down")
            client.sendall(body[5:])
            answer = client.recv(1000)

    # 401 where one has to log in: in either case it was read to its end, and answered.
    assert answer.startswith((b"HTTP/1.1 201", b"HTTP/1.1 401"))
    assert service.process.returncode == 0
    assert clients(service) == ["127.0.0.1", "127.0.0.1"]
    assert "Application startup complete." in service.log()


def wait_for_line(service: Service, text: str) -> None:
    deadline = time.monotonic() + 10
    while text not in service.log():
        assert time.monotonic() < deadline, service.log()
        time.sleep(0.01)


def assert_refused(folder: Path, reason: str, **settings: str) -> None:
    code, output = run(folder, **settings)

    assert code == 1
    assert reason in output
    assert "Traceback" not in output
    assert "hunter2" not in output


def test_unsafe_settings_are_refused_in_a_line(tmp_path: Path) -> None:
    assert_refused(tmp_path, "APP_DEBUG", APP_ENVIRONMENT="production", APP_DEBUG="true")


def test_database_that_is_away_is_named_in_a_line(tmp_path: Path, database_url: str) -> None:
    url = unreachable(database_url)

    assert_refused(tmp_path, "DATABASE_URL", DATABASE_URL=url, DATABASE_START_TIMEOUT="0.01")


def test_worker_that_cannot_start_says_why_in_a_line(tmp_path: Path, database_url: str) -> None:
    settings = {"DATABASE_URL": unreachable(database_url), "DATABASE_START_TIMEOUT": "0.01"}
    output = tmp_path / "output"
    command = ("uvicorn", "app.main:app", "--port", "0")

    code = ModuleProcess(*command, environment={**os.environ, **settings}, output=output).wait(30)

    assert code == 3
    assert "DATABASE_URL" in output.read_text()
    assert "Traceback" not in output.read_text()
