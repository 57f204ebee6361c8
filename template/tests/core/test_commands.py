import asyncio
import json
import re
from pathlib import Path

import pytest
import stamina
from sqlalchemy import text
from typer.testing import CliRunner, Result

from app.cli import cli
from app.core.database.engine import create_engine
from app.core.database.settings import DatabaseSettings
from app.core.settings import forget_all
from tests.support import unreachable


async def execute(url: str, statement: str) -> None:
    engine = create_engine(DatabaseSettings(url=url))
    async with engine.begin() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def test_help_lists_the_commands() -> None:
    result = run("--help")

    commands = {"dev", "serve", "migrate", "revision", "routes", "settings", "openapi", "seed"}
    assert commands <= set(re.findall(r"\w+", result.output))


@pytest.mark.usefixtures("empty_database")
def test_migrate_and_seed_once() -> None:
    assert run("migrate").exit_code == 0
    assert "items: 3 added\n" in run("seed").output
    assert "items: 0 added\n" in run("seed").output
    assert run("downgrade", "-1").exit_code == 0
    assert run("migrate", "+1").exit_code == 0


def test_migration_waits_for_the_database_and_says_so(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", unreachable(database_url))
    forget_all()

    with stamina.set_testing(True, attempts=2):
        result = run("migrate")

    assert result.exit_code == 1
    assert re.search("trying again|there is no folder", result.output)
    assert result.output.splitlines()[-1].startswith("DATABASE_URL: ")


@pytest.mark.usefixtures("empty_database")
def test_unknown_revision_is_a_sentence() -> None:
    result = run("migrate", "no-such")

    assert result.exit_code == 1
    assert "Can't locate revision identified by 'no-such'" in result.output


@pytest.mark.usefixtures("empty_database")
def test_revision_writes_what_has_changed(versions: Path) -> None:
    assert run("revision", "Nothing yet").exit_code == 0

    [written] = versions.glob("*_nothing_yet.py")
    assert "pass" in written.read_text()


def test_release_that_was_taken_back_leaves_the_newer_database_alone(
    empty_database: str, versions: Path
) -> None:
    assert run("revision", "Newer").exit_code == 0
    assert run("migrate").exit_code == 0
    [newer] = versions.glob("*_newer.py")
    newer.unlink()

    taken_back = run("migrate")
    asyncio.run(execute(empty_database, "ALTER TABLE item DROP COLUMN description"))
    another = run("migrate")

    assert taken_back.exit_code == 0
    assert "the database is of a newer release" in taken_back.output
    assert another.exit_code == 1
    assert "Can't locate revision" in another.output


def test_commands_need_the_project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    result = run("migrate")

    assert result.exit_code == 1
    assert "where pyproject.toml is" in result.output


def test_routes_are_listed() -> None:
    lines = [line.split() for line in run("routes").output.splitlines()]

    assert ["GET", "/items/{item_id}", "read_item"] in lines


def test_settings_are_listed_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "hunter2")
    monkeypatch.setenv("RATELIMIT_URL", "redis://app:hunter2@cache/0")
    forget_all()

    output = run("settings").output

    assert "METRICS_TOKEN=**********\n" in output
    assert "RATELIMIT_URL=redis://***@cache/0\n" in output
    assert "HEALTH_TIMEOUT=2.0  (default)\n" in output
    assert "hunter2" not in output


def test_openapi_is_exported(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"

    assert run("openapi", "--output", str(file)).exit_code == 0

    assert json.loads(file.read_text()) == json.loads(run("openapi").output)
    assert "/items" in json.loads(file.read_text())["paths"]
