"""The two commands of the README, from nothing, as a machine runs them that has Python and git."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.questions import ROOT
from tests.repository import TemplateRepository, changes
from tests.tools import PYTHON_VERSION, attempt, environment, run

# Not that of this session, whose environment has no pip.
PYTHON = Path(sys.base_prefix, "bin", f"python{PYTHON_VERSION}")

PATIENCE = 180


@pytest.fixture
def checkout(repository: TemplateRepository, tmp_path: Path) -> Path:
    return Path(shutil.copytree(repository.path, tmp_path / "checkout"))


@contextmanager
def started(
    checkout: Path, folder: Path, *arguments: str, by_variable: bool = False
) -> Iterator[int]:
    """Start a service; at the end, Ctrl+C ends it and all that it has started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [str(PYTHON), "scripts/start.py", str(folder), *arguments]
    command += [] if by_variable else ["--port", str(port)]
    variables = {"SERVER_PORT": str(port)} if by_variable else {}
    with subprocess.Popen(
        command, cwd=checkout, env=environment(**variables), start_new_session=True
    ) as process:
        try:
            wait_for(port, process)
            yield port
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(PATIENCE)
    deadline = time.monotonic() + 10
    while group_lives(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not group_lives(process.pid), "it has left processes behind"


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            assert status(port, "/docs") == 200
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the service did not answer")


def status(port: int, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


@pytest.mark.suites
@pytest.mark.parametrize(
    ("data", "expected"),
    [((), 401), (("database=postgres", "package_manager=pip", "auth=none"), 200)],
    ids=["default", "postgres-pip-no_auth"],
)
def test_start_renders_and_serves(
    data: tuple[str, ...], expected: int, checkout: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "my-service"
    answers = [f"--data={answer}" for answer in (*data, "license=MIT")]

    with started(checkout, folder, *answers) as port:
        assert status(port, "/items") == expected

    assert changes(checkout) == ""  # all it installs is ignored
    assert changes(folder) == ""  # an update can begin
    assert f"python_version: '{PYTHON_VERSION}'" in (folder / ".copier-answers.yml").read_text()

    # Once more: it is there, and so is what it stored.
    with started(checkout, folder, by_variable=True) as port:
        assert status(port, "/items") == expected
    refused = attempt(PYTHON, "scripts/start.py", folder, *answers, cwd=checkout)
    assert refused.returncode == 1
    assert "copier update" in refused.stderr


def test_start_spares_other_folders(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    refused = attempt(PYTHON, ROOT / "scripts" / "start.py", tmp_path, cwd=tmp_path)

    assert refused.returncode == 1
    assert f"{tmp_path} is not empty" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.suites
@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("databse=postgres", "Nothing asks for 'databse': did you mean database?"),
        ("database=mysql", "Invalid choice for 'database'"),
        ("project_slug=My Service", "The slug is lower-case words"),
    ],
)
def test_start_refuses_answers_in_a_sentence(
    answer: str, sentence: str, checkout: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "my-service"

    refused = attempt(PYTHON, "scripts/start.py", folder, "--data", answer, cwd=checkout)

    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not folder.exists()


@pytest.mark.suites
def test_proof_installs_itself(checkout: Path) -> None:
    """From nothing; that it goes on from there, this session shows."""
    said = run(PYTHON, "scripts/test.py", "-m", "fast", "--collect-only", "-q", cwd=checkout)

    assert "tests/test_renders.py::test_every_render_is_clean" in said
    assert "tests/test_suites.py::" not in said
