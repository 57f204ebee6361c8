"""Each test starts real servers, most of them on the same folder: making one takes a while."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.core.settings import StartupError
from app.postgres.development import development_postgres
from app.postgres.server import run_postgres

if sys.platform == "win32":
    pytest.skip("There is no development server for Windows.", allow_module_level=True)


pytestmark = pytest.mark.usefixtures("development")


@pytest.fixture(scope="module")
def folder() -> Generator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        # Root's server runs as `nobody`, who must get to the data.
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def data(folder: Path) -> Path:
    return folder / "postgres"


async def ask(url: str, statement: str) -> object:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        result = await connection.execute(text(statement))
        answer: object = result.scalar() if result.returns_rows else None
    await engine.dispose()
    return answer


def server_pid(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().split()[0])


async def test_data_survives_a_restart(folder: Path) -> None:
    with development_postgres(folder) as first:
        await ask(first["DATABASE_URL"], "CREATE TABLE note AS SELECT 'kept' AS text")
    with development_postgres(folder) as second:
        answer = await ask(second["DATABASE_URL"], "SELECT text FROM note")
        fsync = await ask(second["DATABASE_URL"], "SHOW fsync")

    assert (answer, fsync) == ("kept", "on")
    assert not (folder / "postgres" / "postmaster.pid").exists()


def test_the_last_user_stops_the_server_that_all_share(data: Path) -> None:
    with run_postgres(data, durable=True) as first:
        with run_postgres(data, durable=True) as second:
            assert second.sockets == first.sockets
        assert first.answers()

    assert not first.answers()


def test_a_signal_to_the_terminal_spares_the_server_for_the_next_app(data: Path) -> None:
    killed = (
        "import os, pathlib, sys; from app.postgres.server import run_postgres;"
        "server = run_postgres(pathlib.Path(sys.argv[1]), durable=True); server.__enter__();"
        "os.killpg(0, 9)"
    )
    subprocess.run(  # noqa: S603 (this very Python)
        [sys.executable, "-c", killed, data], check=False, start_new_session=True
    )
    orphan = server_pid(data)

    with run_postgres(data, durable=True):
        found = server_pid(data)

    assert found == orphan
    assert not (data / "postmaster.pid").exists()


def test_a_killed_server_starts_again(data: Path) -> None:
    with run_postgres(data, durable=True):
        os.kill(server_pid(data), 9)
        with run_postgres(data, durable=True) as server:
            assert server.answers()


def test_a_pid_file_that_names_another_process_is_stale(data: Path) -> None:
    sleep = shutil.which("sleep")
    assert sleep
    with subprocess.Popen([sleep, "60"], user=data.stat().st_uid) as other:  # noqa: S603 (as above)
        pid_file = f"{other.pid}\n{data}\n1\n5432\n/tmp/postgres-gone\n\n0 0\nready\n"
        (data / "postmaster.pid").write_text(pid_file)
        try:
            with run_postgres(data, durable=True) as server:
                assert server.answers()
        finally:
            other.kill()


def test_a_failed_start_ends_with_the_words_of_the_log(data: Path) -> None:
    settings = data / "postgresql.auto.conf"
    before = settings.read_text()
    settings.write_text("shared_buffers = 'a lot'")
    try:
        with pytest.raises(StartupError, match="invalid value"), run_postgres(data, durable=True):
            pass
    finally:
        settings.write_text(before)


async def test_a_server_for_tests_leaves_nothing(tmp_path: Path) -> None:
    # Root's server cannot keep its data in there: pytest lets nobody else in.
    wanted = tmp_path / "deep with spaces & more".ljust(100, "-") / "postgres"

    with run_postgres(wanted, durable=False) as server:
        data = wanted.resolve()
        server.create_database("app")
        answer = await ask(server.url("app"), "SELECT upper('é')")

    assert answer == "É"
    assert not data.exists()
