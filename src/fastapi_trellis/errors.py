"""How a command ends: its exit code, and the sentence that says why."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes, an interface: `docs/command-line.md` explains each."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNREACHABLE = 4
    CONFLICTS = 5
    NEWER = 6
    FINDINGS = 7
    INTERRUPTED = 130


class Stop(Exception):  # noqa: N818  (most are answers to a user, and no errors)
    """End the command with a sentence. Nothing was changed, or all of it was taken back."""

    code = Exit.REFUSED


class Misused(Stop):
    """What was typed names nothing that is there."""

    code = Exit.USAGE


class Unreachable(Stop):
    """The template cannot be had."""

    code = Exit.UNREACHABLE
