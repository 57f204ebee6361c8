"""A conversation: `new` is answered in a terminal, and what is on its screen becomes a picture."""

import re
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pyte
from pyte.screens import Char
from rich.text import Text

from docs.generator.facts import Facts
from docs.generator.terminal import COLUMNS, PROGRAM, drawn, variables
from fastapi_trellis.definition import Question

QUIET = 1  # seconds without a change: all is on the screen
LINES = 200  # more than are written: nothing scrolls away
DOWN, ENTER = "\x1b[B", "\r"

# What is not answered with its default.
CHOSEN = {"database": "postgres", "sse": True}

SHOWN = "auth"  # while this is asked, the screen is drawn

NAMES = {"brown": "yellow", "default": ""}  # what Rich calls otherwise
HEX = re.compile("[0-9a-f]{6}")


def conversation(facts: Facts, home: Path) -> Iterator[tuple[str, str]]:
    """Names and pictures: the first questions, and the summary."""
    screen = pyte.Screen(COLUMNS, LINES)
    program, *arguments = (*PROGRAM, "new", "orders", "--no-lock")
    child = pexpect.spawn(
        program,
        arguments,
        cwd=str(home),
        # Nobody answers where the cursor is, which each prompt would wait a second for.
        env=variables(home, TERM="xterm-256color", PROMPT_TOOLKIT_NO_CPR="1"),
        encoding="utf-8",
        dimensions=(LINES, COLUMNS),
    )
    child.logfile_read = Typewriter(screen)
    try:
        child.expect_exact("Begin with")
        child.send(ENTER)
        for name in facts.sheet.fill(CHOSEN).shown:
            question = facts.sheet.definition.asked[name]
            child.expect_exact(question.help[:20])
            if name == SHOWN:
                child.expect_exact(pexpect.TIMEOUT, timeout=QUIET)
                yield "asking", drawn("asking", since("--- ", screen))
            child.send(keys(question))
        child.expect_exact("Render it?")
        child.expect_exact(pexpect.TIMEOUT, timeout=QUIET)
        yield "summary", drawn("summary", since("--- summary", screen))
    finally:
        child.close(force=True)


def keys(question: Question) -> str:
    chosen = CHOSEN.get(question.name)
    if chosen is None:
        return ENTER
    return "y" if chosen is True else DOWN * question.values.index(chosen) + ENTER


class Typewriter:
    """What pexpect takes for a file."""

    def __init__(self, screen: pyte.Screen) -> None:
        self.stream = pyte.Stream(screen)

    def write(self, text: str) -> None:
        self.stream.feed(text)

    def flush(self) -> None:
        """Nothing is kept back."""


def since(heading: str, screen: pyte.Screen) -> Text:
    """The lines from a heading on."""
    lines = [row.rstrip() for row in screen.display]
    first = next(at for at, line in enumerate(lines) if line.startswith(heading))
    last = max(at for at, line in enumerate(lines) if line)
    shown = [line_of(screen, at, len(lines[at])) for at in range(first, last + 1)]
    return Text("\n").join(shown)


def line_of(screen: pyte.Screen, at: int, width: int) -> Text:
    row = screen.buffer[at]
    return Text.assemble(*((row[column].data, style(row[column])) for column in range(width)))


def style(char: Char) -> str:
    colour = f"#{char.fg}" if HEX.fullmatch(char.fg) else NAMES.get(char.fg, char.fg)
    return f"bold {colour}" if char.bold else colour
