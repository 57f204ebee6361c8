"""What the migrations of a team may come to, done by `migrations/env.py` and the commands."""

import asyncio
import re
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from app.cli import cli
from app.core.database.engine import create_engine
from app.core.database.settings import DatabaseSettings

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


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


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
