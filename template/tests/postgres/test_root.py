"""Where the data is, if the account that Postgres runs as cannot reach the wanted folder."""

import os
import sys
from pathlib import Path

import pytest

from app.postgres import root

if sys.platform == "win32":
    pytest.skip("There is no development server for Windows.", allow_module_level=True)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Below a locked folder, as /root is, for somebody who is root."""
    monkeypatch.setattr(root, "STAND_INS", tmp_path / "stand-ins")
    monkeypatch.setattr(root, "account", lambda: (os.getuid(), os.getgid()))
    (tmp_path / "locked").mkdir(mode=0o700)
    return tmp_path / "locked" / "postgres"


def filled(folder: Path) -> Path:
    folder.mkdir()
    (folder / "PG_VERSION").touch()
    return folder


def test_data_stays_until_its_folder_is_deleted(data: Path) -> None:
    stand_in = filled(root.reachable_data(data))

    assert root.reachable_data(data) == stand_in
    assert (stand_in / "PG_VERSION").exists()

    data.unlink()
    assert root.reachable_data(data) == stand_in
    assert not stand_in.exists()


def test_copied_project_gets_data_of_its_own(data: Path) -> None:
    stand_in = filled(root.reachable_data(data))
    copy = data.with_name("copy")
    copy.symlink_to(stand_in)

    assert root.reachable_data(copy) != stand_in
    assert (stand_in / "PG_VERSION").exists()
