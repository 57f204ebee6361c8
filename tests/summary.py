"""Count what is proved, and write it down: build/proved.md, or docs/proved.md with --record."""

import platform
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from tests.questions import ROOT

Count = Callable[..., None]

counted: Counter[str] = Counter()
started = time.monotonic()


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Count:
    """Add to a number in the summary."""

    def count(what: str, number: int = 1) -> None:
        record_property(what, number)

    return count


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if str(report.outcome) == "rerun":  # a word of pytest-rerunfailures
        counted[f"run again: {report.nodeid}"] += 1
    elif report.when == "call":
        for what, number in report.user_properties:
            counted[what] += int(str(number))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if hasattr(config, "workerinput"):
        return  # a worker has seen a part
    outcomes = {
        name: len(terminalreporter.getreports(name)) for name in ("passed", "failed", "skipped")
    }
    seconds = time.monotonic() - started
    terminalreporter.section("what was proved")
    for what, number in sorted(counted.items()):
        terminalreporter.write_line(f"{number:6} {what}")
    terminalreporter.write_line(f"{seconds:6.0f} seconds")
    path = (
        ROOT / "docs" / "proved.md" if config.getoption("record") else ROOT / "build" / "proved.md"
    )
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(page(outcomes, seconds)) + "\n")


def page(outcomes: dict[str, int], seconds: float) -> Iterator[str]:
    """The summary for people who read it later, and elsewhere."""
    when = f"{datetime.now(UTC):%Y-%m-%d}, in {seconds / 60:.0f} minutes"
    tests = ", ".join(f"{number:,} {name}" for name, number in outcomes.items())
    yield "# What was proved"
    yield ""
    yield "Written by the run itself: `python3 scripts/test.py --record`."
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| when | {when}, on Python {platform.python_version()} |"
    yield f"| of what | `{commit()}` |"
    yield f"| tests of the template | {tests} |"
    for what, number in sorted(counted.items()):
        yield f"| {what} | {number:,} |"


def commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    return asked.stdout.strip() or "a checkout without git"
