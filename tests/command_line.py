"""The command line in the tests: in this process, or as a program in a pseudo-terminal."""

import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pexpect
from typer.testing import CliRunner

from fastapi_trellis.cli import app
from tests.questions import ROOT
from tests.repository import commit
from tests.tools import environment, run

FIRST = "v1.0.0"
SECOND = "v1.1.0"

# What is rendered of the service here: parts that can be switched, and what lists them.
KEPT = ("/app/cache/", "/app/redis/", "/app/sentry/", "/app/main.py", "/docs/features/")

NEWS = "\n## 1.1.0 (2026-12-01)\n\n### Added\n- Answer `sparkle`: a little more light.\n"
QUESTION = """
sparkle:
  type: bool
  help: A little more light?
  default: false
"""

CTRL_B, SHIFT_TAB, DOWN, ENTER, CTRL_U = "\x02", "\x1b[Z", "\x1b[B", "\r", "\x15"


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


def trellis(*arguments: str | Path, cwd: Path, **variables: str) -> Result:
    """Run a command without a terminal; an exception that it does not catch fails the test."""
    before = Path.cwd()
    os.chdir(cwd)
    try:
        result = CliRunner().invoke(
            app, [str(one) for one in arguments], env=variables, catch_exceptions=False
        )
    finally:
        os.chdir(before)
    return Result(result.exit_code, result.stdout, result.stderr)


def small_template(source: Path, path: Path) -> Path:
    """A template of two releases with all questions, and few files so that renders are quick."""
    template = source / "template"

    def left_out(folder: str, names: list[str]) -> list[str]:
        inside = Path(folder)
        if not inside.is_relative_to(template):
            return []
        return [
            name
            for name in names
            if (inside / name).is_file()
            and not name.endswith(".jinja")
            and not f"/{(inside / name).relative_to(template)}".startswith(KEPT)
        ]

    shutil.copytree(source, path, ignore=left_out)
    commit(path, "Release 1.0.0")
    run("git", "tag", FIRST, cwd=path)
    release_again(path)
    commit(path, "Release 1.1.0")
    run("git", "tag", SECOND, cwd=path)
    return path


def release_again(path: Path) -> None:
    main = path / "template/app/main.py"
    main.write_text(f"{main.read_text()}\n# In the second release.\n")
    changelog = path / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace("\n## ", f"{NEWS}\n## ", 1))
    questions = path / "copier.yml"
    text = questions.read_text()
    heading = re.search("(?m)^# -+ delivery$", text)
    assert heading
    questions.write_text(f"{text[: heading.start()]}{QUESTION.lstrip()}\n{text[heading.start() :]}")


@contextmanager
def terminal(*arguments: str | Path, cwd: Path, **variables: str) -> Iterator["pexpect.spawn[str]"]:
    """Run a command in a pseudo-terminal, as a program of its own."""
    source = str(ROOT / "src")
    child = pexpect.spawn(
        sys.executable,
        ["-m", "fastapi_trellis", *map(str, arguments)],
        cwd=str(cwd),
        # Nobody here answers where the cursor is, which each prompt would wait a second for.
        env=environment(PYTHONPATH=source, TERM="xterm", PROMPT_TOOLKIT_NO_CPR="1", **variables),
        encoding="utf-8",
        timeout=60,
        dimensions=(50, 200),
        preexec_fn=listen,
    )
    child.delaybeforesend = None
    try:
        yield child
    finally:
        child.close(force=True)


def listen() -> None:
    """As in a terminal that somebody sits at: tests in the background may have them ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def ended(child: "pexpect.spawn[str]") -> int | None:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus
