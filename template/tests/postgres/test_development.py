"""Where `app dev` starts no Postgres, and why."""

import sys
from pathlib import Path

import pytest

from app.core.settings import StartupError
from app.postgres import binaries
from app.postgres.development import development_postgres
from app.postgres.server import run_postgres

if sys.platform == "win32":
    pytest.skip("There is no development server for Windows.", allow_module_level=True)


pytestmark = pytest.mark.usefixtures("development")


def test_no_server_starts_where_the_url_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://elsewhere/app")

    with development_postgres(tmp_path) as environment:
        assert environment == {}

    assert not list(tmp_path.iterdir())


def test_without_the_programs_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "DISTRIBUTION", "not-installed")

    with (
        pytest.raises(StartupError, match=r"Set DATABASE_URL .* install the development"),
        development_postgres(tmp_path),
    ):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(StartupError, match=r"exists: .*file"),
        run_postgres(tmp_path / "file" / "postgres", durable=True),
    ):
        pass
