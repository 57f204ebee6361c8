"""The command line in a pseudo-terminal, with somebody who answers, goes back, and gives up."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
import yaml

from tests.command_line import (
    CTRL_B,
    CTRL_U,
    DOWN,
    ENTER,
    FIRST,
    SHIFT_TAB,
    ended,
    terminal,
)
from tests.repository import changes
from tests.trees import Tree, difference

pytestmark = pytest.mark.updates

Make = Callable[..., Path]
UNCHANGED = "Interrupted: everything is as it was before."


def reply(child: "pexpect.spawn[str]", *dialogue: tuple[str, str]) -> None:
    for question, answer in dialogue:
        child.expect_exact(question)
        child.send(answer)


def test_new_asks_goes_back_and_renders(small: Path, tmp_path: Path) -> None:
    with terminal("new", "--no-lock", cwd=tmp_path, TRELLIS_TEMPLATE=str(small)) as child:
        reply(
            child,
            ("Begin with", ENTER),
            ("--- who and what", ""),
            ("called?", f"{CTRL_U}Desk{ENTER}"),
            ("Its name for machines", CTRL_B),
            ("called?", f"{CTRL_U}Order Desk{ENTER}"),
            ("order-desk", f"{CTRL_U}Order Desk{ENTER}"),
            ("The slug is lower-case words", f"{CTRL_U}orders{ENTER}"),
            ("in one line?", ENTER),
            ("Who writes it", ENTER),
            ("e-mail", ENTER),
            ("Under which licence?", f"{DOWN}{ENTER}"),
            ("Which Python", ENTER),
            ("Which database?", ENTER),
            ("Who may log in", SHIFT_TAB),
            ("Which database?", ENTER),
            ("Who may log in", ENTER),
            ("server-sent", ENTER),
            ("WebSocket, with", ENTER),
            ("Packages: redis", ""),
            ("A cache in Redis", "y"),
            ("Celery?", "n"),
            ("OpenTelemetry?", "n"),
            ("Sentry?", "n"),
            ("more light?", "n"),
            ("Compose files", "y"),
            ("Manifests", "y"),
            ("SQLite is a file on one machine", "n"),
            ("package manager?", ENTER),
            ("type checker?", ENTER),
            ("Hooks", "y"),
            ("Which CI?", ENTER),
            ("--data license=Apache-2.0 --data cache=true", ""),
            ("Render it?", f"{DOWN}{ENTER}"),
            ("Which one?", ENTER),
            ("called?", f" Two{ENTER}"),
            ("Render it?", ENTER),
            ("Next:", ""),
        )
        assert ended(child) == 0

    answers = yaml.safe_load((tmp_path / "orders/.copier-answers.yml").read_text())
    expected = {
        "project_name": "Order Desk Two",
        "license": "Apache-2.0",
        "cache": True,
        "kubernetes": False,
    }
    assert expected.items() <= answers.items()


def test_new_begins_with_a_preset_and_asks_the_rest(small: Path, tmp_path: Path) -> None:
    with terminal("new", "--no-lock", cwd=tmp_path, TRELLIS_TEMPLATE=str(small)) as child:
        reply(
            child,
            ("Begin with", f"{DOWN}{ENTER}"),
            ("called?", CTRL_B),
            ("Begin with", f"{DOWN}{ENTER}"),
        )
        reply(child, ("called?", ENTER), ("Its name for machines", "\x03"))
        child.expect_exact(UNCHANGED)
        assert ended(child) == 130
    assert list(tmp_path.iterdir()) == []


def test_notes_fit_a_narrow_terminal(small: Path, tmp_path: Path) -> None:
    variables = {"TRELLIS_TEMPLATE": str(small), "COLUMNS": "200"}  # as a shell once had it
    with terminal("new", "orders", cwd=tmp_path, **variables) as child:
        child.setwinsize(50, 40)
        reply(child, ("Begin with", ENTER), ("called?", ENTER), ("machines", ENTER))
        reply(child, ("one line?", ENTER), ("writes it", ENTER), ("e-mail", ENTER))
        reply(child, ("licence?", ENTER), ("Python", ENTER), ("database?", DOWN))
        child.expect("Packages:[^.]*asyncpg")  # the last words of the note
        child.send("\x03")
        assert ended(child) == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_new_interrupted_half_way_leaves_nothing(
    number: signal.Signals, small: Path, tmp_path: Path
) -> None:
    with terminal("new", "one", "--yes", cwd=tmp_path, TRELLIS_TEMPLATE=str(small)) as child:
        wait_until(lambda: any(tmp_path.glob(".one-*/one/*")))
        child.kill(number)
        child.expect_exact(UNCHANGED)
        assert ended(child) == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["add", "cache"], "app/cache/ ("),
        (["remove", "sentry"], "app/sentry/"),
        (["set", "license=proprietary"], "LICENSE"),
    ],
    ids=["add", "remove", "set"],
)
def test_a_change_is_shown_and_may_be_declined(
    arguments: list[str], shown: str, project: Make
) -> None:
    folder = project(sentry=True)
    with terminal(*arguments, cwd=folder) as child:
        reply(child, (shown, ""), ("Do it?", "n"), ("Nothing was changed.", ""))
        assert (ended(child), changes(folder)) == (3, "")


def test_doctor_in_a_terminal(project: Make) -> None:
    folder = project()
    with terminal("doctor", cwd=folder) as child:
        child.expect_exact("uv lock")
        assert ended(child) == 7


def test_update_interrupted_half_way_is_taken_back(project: Make) -> None:
    folder = project(release=FIRST)
    (folder / ".git/info/exclude").write_text("mine.txt\n")
    (folder / "mine.txt").write_text("mine")
    before = Tree(folder)

    with terminal("update", "--data", "cache=yes", "--yes", cwd=folder) as child:
        wait_until((folder / "app/cache/feature.py").exists)
        child.sendintr()
        child.expect_exact(UNCHANGED)
        assert ended(child) == 130

    assert changes(folder) == ""
    assert difference(before, Tree(folder)) == []
    assert not (folder / "app/cache").exists()
    assert (folder / "mine.txt").read_text() == "mine"


def test_update_shows_what_is_new_and_does_it(project: Make) -> None:
    folder = project(release=FIRST)
    with terminal("update", cwd=folder) as child:
        reply(child, ("a little more light", ""), ("app/main.py", ""))
        reply(child, ("sparkle: no  (new", ""), ("Do it?", ENTER), ("Done.", ""))
        assert ended(child) == 0
    assert "sparkle: false" in (folder / ".copier-answers.yml").read_text()


def test_a_patch_is_shown_by_git(project: Make) -> None:
    folder = project()
    (folder / "app/main.py").write_text("mine = True\n")

    with terminal("diff", "--patch", cwd=folder, GIT_PAGER="cat") as child:
        child.expect_exact("mine = True")
        assert ended(child) == 0


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
