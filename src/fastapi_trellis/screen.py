"""What people see. Results go to stdout, so that they can be piped; all talk goes to stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

out = Console(highlight=False, soft_wrap=True)
talk = Console(stderr=True, highlight=False, soft_wrap=True)


def interactive() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def show(text: str = "", style: str | None = None) -> None:
    """Print a result as it is: brackets in a path are no markup."""
    out.print(text, style=style, markup=False)


def say(text: str = "", style: str | None = None) -> None:
    """Print what is no result."""
    talk.print(text, style=style, markup=False)


def warn(text: str) -> None:
    say(text, style="yellow")


@contextmanager
def progress(what: str, *, in_logs: bool = True) -> Iterator[None]:
    """Tell what goes on: moving in a terminal, else one line."""
    if talk.is_terminal:
        with talk.status(what):
            yield
    else:
        if in_logs:
            say(f"{what} ...")
        yield
