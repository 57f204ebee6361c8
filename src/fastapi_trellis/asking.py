"""One question in a terminal, answered, or left for the one before."""

import textwrap
from collections.abc import Callable
from enum import Enum
from typing import Any

import questionary
from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.output import create_output
from questionary import Choice

BACK_KEYS = ("c-b", "s-tab")
HINT = "(Ctrl+B: back)"

DESCRIPTION = "  Description: "  # what Questionary writes before a note
INDENT = "    "

Check = Callable[[Any], str | None]


class Step(Enum):
    BACK = "back"


def ask(prompt: questionary.Question) -> Any:
    """The answer, or Step.BACK; Ctrl+C goes through as it is."""
    keys = KeyBindings()

    @keys.add(*BACK_KEYS[:1], eager=True)
    @keys.add(*BACK_KEYS[1:], eager=True)
    def _(event: KeyPressEvent) -> None:
        event.app.exit(result=Step.BACK)

    own = prompt.application.key_bindings
    prompt.application.key_bindings = merge_key_bindings([own, keys] if own else [keys])
    return prompt.unsafe_ask()


def ask_text(message: str, default: str, check: Check) -> Any:
    def judge(text: str) -> bool | str:
        return check(text) or True

    return ask(questionary.text(message, default=default, validate=judge, instruction=HINT))


def ask_yes(message: str, *, default: bool) -> Any:
    yes = "(Y/n, Ctrl+B: back)" if default else "(y/N, Ctrl+B: back)"
    return ask(questionary.confirm(message, default=default, instruction=yes))


def ask_one(message: str, choices: list[tuple[str, Any, str]], default: Any = None) -> Any:
    """Choose from (label, value, note)."""
    listed = [Choice(label, value, description=wrapped(note)) for label, value, note in choices]
    start = next((one for one in listed if one.value == default), None)
    return ask(questionary.select(message, listed, default=start, instruction=HINT))


def wrapped(note: str) -> str | None:
    """In lines of the terminal, which would cut off what is longer."""
    width = create_output().get_size().columns - 1
    lines = textwrap.wrap(
        note, width, initial_indent=DESCRIPTION, subsequent_indent=INDENT, break_on_hyphens=False
    )
    return "\n".join(lines).removeprefix(DESCRIPTION) or None


def confirmed(message: str, *, default: bool = False) -> bool:
    return bool(questionary.confirm(message, default=default).unsafe_ask())
