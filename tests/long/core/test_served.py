"""The service as a process, behind proxies and where it cannot start."""

import os
from pathlib import Path

from tests.process import outcome, running
from tests.processes import ModuleProcess
from tests.support import unreachable


def test_proxies_are_believed_where_they_are_named(tmp_path: Path, migrated_database: str) -> None:
    """What a client writes into the header itself comes before what the proxy adds."""
    sent = ["203.0.113.9", "198.51.100.1, 203.0.113.9", "x" * 500, "<script>"]
    with running(tmp_path, DATABASE_URL=migrated_database) as service:
        for value in sent:
            answer = service.client.get("/items", headers={"X-Forwarded-For": value})
            assert answer.status_code in {200, 401}

    assert service.clients()[:2] == ["203.0.113.9", "203.0.113.9"]


def test_database_that_is_away_is_named_in_a_line(tmp_path: Path, database_url: str) -> None:
    settings = {"DATABASE_URL": unreachable(database_url), "DATABASE_START_TIMEOUT": "0.01"}

    code, output = outcome(tmp_path, **settings)

    assert code == 1
    assert "DATABASE_URL" in output
    assert "Traceback" not in output
    assert "hunter2" not in output


def test_worker_that_cannot_start_says_why_in_a_line(tmp_path: Path, database_url: str) -> None:
    settings = {"DATABASE_URL": unreachable(database_url), "DATABASE_START_TIMEOUT": "0.01"}
    output = tmp_path / "output"
    command = ("uvicorn", "app.main:app", "--port", "0")

    code = ModuleProcess(*command, environment={**os.environ, **settings}, output=output).wait(30)

    assert code == 3
    assert "DATABASE_URL" in output.read_text()
    assert "Traceback" not in output.read_text()
