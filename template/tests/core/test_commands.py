import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from app.cli import cli
from app.core.database.engine import create_engine
from app.core.database.settings import DatabaseSettings
from app.core.settings import forget_all
from tests.support import NewDatabase, unreachable

TABLES_LEFT_BEHIND = (
    "CREATE TABLE left_behind (id INTEGER PRIMARY KEY)",
    "CREATE TABLE a (id INTEGER REFERENCES left_behind)",
    "CREATE TABLE z (id INTEGER REFERENCES left_behind)",
)
PARENT_WITH_CHILD = (
    "CREATE TABLE parent_left (id INTEGER PRIMARY KEY, name VARCHAR(10))",
    "CREATE TABLE child_left (id INTEGER REFERENCES parent_left (id) ON DELETE CASCADE)",
    "INSERT INTO parent_left VALUES (1, 'one')",
    "INSERT INTO child_left VALUES (1)",
)
WIDER = """with op.batch_alter_table("parent_left") as batch:
        batch.alter_column("name", type_=sa.String(20))
    with op.get_context().autocommit_block():
        op.create_index("child_left_id", "child_left", ["id"], postgresql_concurrently=True)"""


async def execute(url: str, *statements: str) -> object:
    """Return what the last one finds."""
    engine = create_engine(DatabaseSettings(url=url))
    async with engine.begin() as connection:
        results = [await connection.execute(text(statement)) for statement in statements]
        found: object = results[-1].scalar() if results[-1].returns_rows else None
    await engine.dispose()
    return found


def write_revision(versions: Path, change: str) -> Path:
    assert run("revision", "Written by this test").exit_code == 0
    [written] = versions.glob("*_written_by_this_test.py")
    written.write_text(written.read_text().replace("pass", change, 1))
    return written


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


@pytest.fixture
async def empty_database(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> str:
    url = await new_database()
    monkeypatch.setenv("DATABASE_URL", url)
    forget_all()
    return url


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
    monkeypatch.setenv("DATABASE_START_TIMEOUT", "0.001")
    forget_all()

    result = run("migrate")

    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith("DATABASE_URL: ")


@pytest.mark.usefixtures("empty_database")
def test_unknown_revision_is_a_sentence() -> None:
    result = run("migrate", "no-such")

    assert result.exit_code == 1
    assert "Can't locate revision identified by 'no-such'" in result.output


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where revisions are written, in a copy of the project."""
    for name in ("app", "migrations"):
        shutil.copytree(name, tmp_path / name)
    shutil.copy("pyproject.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "migrations" / "versions"


@pytest.mark.usefixtures("empty_database")
def test_revision_writes_what_has_changed(versions: Path) -> None:
    assert run("revision", "Nothing yet").exit_code == 0

    [written] = versions.glob("*_nothing_yet.py")
    assert "pass" in written.read_text()


def test_revision_keeps_tables_that_no_model_describes(empty_database: str, versions: Path) -> None:
    """A part that is off now leaves its rows behind, until somebody drops them."""
    assert run("migrate").exit_code == 0
    asyncio.run(execute(empty_database, *TABLES_LEFT_BEHIND))

    kept = run("revision", "Keep")
    dropped = run("revision", "Drop", "--drop-tables")

    assert re.search(r"No model describes .*left_behind.* Kept: --drop-tables", kept.output)
    assert re.search(r"No model describes .*left_behind.* The revision drops", dropped.output)
    [keep], [drop] = versions.glob("*_keep.py"), versions.glob("*_drop.py")
    assert "drop_table" not in keep.read_text()
    # What refers to another table goes before it, and comes back after it.
    found = re.findall(r"op[.](?:create|drop)_table[(]\s*[\"'](\w+)", drop.read_text())
    ours = [name for name in found if name in {"a", "left_behind", "z"}]
    assert [ours[2], ours[3]] == ["left_behind", "left_behind"]
    assert sorted(ours) == ["a", "a", "left_behind", "left_behind", "z", "z"]


@pytest.mark.usefixtures("empty_database")
def test_migrated_table_keeps_the_rows_that_refer_to_it(
    empty_database: str, versions: Path
) -> None:
    """SQLite replaces the table by a copy. What comes outside of a transaction stays there."""
    assert run("migrate").exit_code == 0
    asyncio.run(execute(empty_database, *PARENT_WITH_CHILD))
    write_revision(versions, WIDER)

    assert run("migrate").exit_code == 0

    assert asyncio.run(execute(empty_database, "SELECT count(*) FROM child_left")) == 1


def test_release_that_was_taken_back_leaves_the_newer_database_alone(
    empty_database: str, versions: Path
) -> None:
    revision = write_revision(versions, "pass")
    assert run("migrate").exit_code == 0
    revision.unlink()

    taken_back = run("migrate")
    asyncio.run(execute(empty_database, "ALTER TABLE item DROP COLUMN description"))
    another = run("migrate")

    assert taken_back.exit_code == 0
    assert "the database is of a newer release" in taken_back.output
    assert another.exit_code == 1
    assert "Can't locate revision" in another.output


def test_migration_leaves_no_row_without_the_one_it_refers_to(
    empty_database: str, versions: Path
) -> None:
    assert run("migrate").exit_code == 0
    asyncio.run(execute(empty_database, *PARENT_WITH_CHILD))
    write_revision(versions, 'op.execute("DELETE FROM parent_left")')

    migrated = run("migrate").exit_code == 0

    # By a cascade on Postgres; SQLite refuses it, as cascades are off meanwhile.
    left = asyncio.run(execute(empty_database, "SELECT count(*) FROM child_left"))
    assert left == (0 if migrated else 1)


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
