"""`docs/command-line.md` has every command, option and exit code."""

import re
from pathlib import Path

import pytest
import typer

from fastapi_trellis.cli import app
from fastapi_trellis.errors import Exit
from tests.command_line import trellis
from tests.questions import ROOT

PAGE = (ROOT / "docs" / "command-line.md").read_text()
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def section(command: str) -> str:
    """What is said of a command; some share a section, and `update` has the options of `add`."""
    parts = re.split("(?m)^## ", PAGE)
    found = [part for part in parts if f"`{command}`" in part.splitlines()[0]]
    shared = [part for part in parts if command == "update" and part.startswith("`add`")]
    return "".join([*found, *shared])


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_and_option_is_explained(command: str) -> None:
    options = [
        name
        for parameter in COMMANDS[command].params
        for name in parameter.opts
        if name.startswith("--") and name != "--help"
    ]

    assert [name for name in options if f"`{name}`" not in section(command)] == []
    assert section(command)


def test_each_exit_code_is_explained() -> None:
    codes = re.findall(r"(?m)^\| (\d+) \|", PAGE)

    assert codes == [str(int(code)) for code in Exit]


def test_no_git_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".copier-answers.yml").touch()

    result = trellis("update", cwd=tmp_path, PATH=str(tmp_path))

    assert (result.code, "There is no git" in result.err) == (3, True)
