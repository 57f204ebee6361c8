"""Copier, through its public interface, with its refusals as sentences."""

import signal
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from copier import VcsRef, run_copy, run_update
from copier.errors import CopierError, UnsafeTemplateError

from fastapi_trellis.errors import Stop
from fastapi_trellis.screen import warn

NOISE = ("No git tags found", "No template tags found")


def copy(url: str, ref: str, target: Path, answers: Mapping[str, Any], *, trust: bool) -> None:
    """Render a release into a new folder."""
    with sentences():
        run_copy(
            url,
            target,
            dict(answers),
            vcs_ref=ref,
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=trust,
        )


def update(folder: Path, ref: str | None, answers: Mapping[str, Any], *, trust: bool) -> None:
    """Update a project: to a release, or with None to other answers only."""
    with sentences():
        run_update(
            folder,
            dict(answers),
            vcs_ref=ref or VcsRef.CURRENT,
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=trust,
        )


@contextmanager
def sentences() -> Iterator[None]:
    """Turn what Copier refuses into a sentence, and what interrupts it into one interruption.

    Ctrl+C in a terminal also ends the git that Copier waits for, which Copier takes for a
    failure of git: whoever was told to stop must not read of that.
    """
    told = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        told = True
        raise KeyboardInterrupt

    with handled(stop), warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        try:
            yield
        except UnsafeTemplateError:
            raise Stop(
                "This release runs a script of the template (its copier.yml says which). "
                "Read it, then say --trust."
            ) from None
        except (CopierError, ValueError) as error:
            if told or isinstance(error, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            raise Stop(last_line(error)) from None
        except Exception as error:  # whatever plumbum, Jinja or the disk had
            if told:
                raise KeyboardInterrupt from None
            raise Stop(f"Copier could not do it: {last_line(error)}") from error
    for text in dict.fromkeys(str(one.message) for one in noted if is_news(one)):
        warn(" ".join(text.split()))


def is_news(one: warnings.WarningMessage) -> bool:
    return "copier" in one.category.__module__ and not str(one.message).startswith(NOISE)


@contextmanager
def handled(handler: Any) -> Iterator[None]:
    """Take Ctrl+C, and a request to end from elsewhere, the same way."""
    before = {number: signal.signal(number, handler) for number in requests_to_end()}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def requests_to_end() -> list[signal.Signals]:
    """But not those that whoever started this had it ignore, as nohup does."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        numbers.append(signal.SIGHUP)
    return [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]


def last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip(" |")]
    text = lines[-1] if lines else type(error).__name__
    return text.removeprefix("| ").strip()
