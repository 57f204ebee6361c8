"""`doctor`: each thing that goes wrong has its finding, and a command that mends it."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import trellis
from tests.repository import commit
from tests.tools import run

pytestmark = pytest.mark.updates

Make = Callable[..., Path]


def findings(folder: Path) -> list[str]:
    """What it found and the commands, without what has to do with this machine."""
    result = trellis("doctor", cwd=folder)
    lines = [line.strip() for line in result.out.splitlines() if line.startswith("   ")]
    pairs = zip(lines[::2], lines[1::2], strict=True)
    found = [text for pair in pairs for text in pair if "on this machine" not in pair[0]]
    assert (result.code == 7) == bool(lines)
    return found


def program(folder: Path, name: str, script: str) -> None:
    path = folder / ".venv/bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)


def test_a_healthy_project_has_no_finding(project: Make) -> None:
    assert findings(project(package_manager="pip", auth="none")) == []


def test_answers_edited_by_hand(project: Make) -> None:
    folder = project(package_manager="pip")
    answers = folder / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("cache: false", "cache: true"))

    assert "git restore --staged --worktree .copier-answers.yml" in findings(folder)

    commit(folder, "Switch the cache on")
    found = findings(folder)
    assert any(line.startswith("git revert ") for line in found)
    assert "the answers have cache on, and app/cache is not there" in found


def test_answers_that_are_not_accepted(project: Make) -> None:
    folder = project(package_manager="pip")
    answers = folder / ".copier-answers.yml"
    text = answers.read_text().replace("kubernetes: false", "kubernetes: true\nchache: true")
    answers.write_text(text)
    (folder / "own.txt").touch()
    commit(folder, "Edit")

    found = findings(folder)
    assert "nothing asks for chache: did you mean cache?" in found
    assert any(line.startswith("kubernetes: SQLite is a file") for line in found)


def test_a_part_that_is_off_and_there(project: Make) -> None:
    folder = project(package_manager="pip")
    (folder / "app/cache/__pycache__").mkdir(parents=True)
    assert "app/cache is there" not in findings(folder)
    (folder / "app/cache/own.py").touch()

    assert "the answers have cache off, and app/cache is there" in findings(folder)


def test_rejected_changes(project: Make) -> None:
    folder = project(package_manager="pip")
    (folder / "README.md.rej").touch()

    assert "README.md.rej holds a change that was not applied" in findings(folder)


def test_names_in_dotenv(project: Make) -> None:
    folder = project(package_manager="pip")
    (folder / ".env").write_text("APP_DEBG=true\nAPP_DEBUG=true\nAPP_PORT=8001\n")
    (folder / "compose.yml").write_text('ports: ["127.0.0.1:${APP_PORT:-8000}:8000"]\n')

    found = findings(folder)

    assert "sed -i 's/^APP_DEBG=/APP_DEBUG=/' .env" in found
    assert "APP_PORT" not in found


def test_settings_without_a_line(project: Make) -> None:
    folder = project(package_manager="pip")
    program(folder, "app", "echo 'APP_DEBUG=false  (default)'; echo 'NOTES_SIZE=1'")

    assert ".env.example has no line for NOTES_SIZE" in findings(folder)


@pytest.mark.parametrize(
    ("said", "mend"),
    [
        ("ERROR: Target database is not up to date.", "app migrate"),
        ("New upgrade operations detected: x", 'app revision "What changed"'),
    ],
)
def test_migrations_that_are_pending(said: str, mend: str, project: Make) -> None:
    folder = project(package_manager="pip")
    (folder / "app.db").touch()
    program(folder, "app", "true")
    program(folder, "alembic", f"echo '{said}'; exit 255")

    assert mend in findings(folder)


def test_a_lock_that_is_stale_or_not_there(project: Make) -> None:
    folder = project(auth="none")

    assert findings(folder) == ["the packages are not locked", "uv lock"]


def test_a_template_that_is_gone(project: Make) -> None:
    folder = project(package_manager="pip")
    answers = folder / ".copier-answers.yml"
    lines = answers.read_text().splitlines()
    lines = ["_src_path: /nowhere" if one.startswith("_src_path") else one for one in lines]
    answers.write_text("\n".join(lines))
    commit(folder, "Move the template")
    run("git", "commit", "--quiet", "--allow-empty", "--message", "More", cwd=folder)

    assert "the template /nowhere cannot be reached" in findings(folder)
    assert trellis("update", cwd=folder).code == 4
