"""The settings of a rendered service, as its `.env.example` groups and explains them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from docs.generator.facts import TEMPLATE

SETTING = re.compile(r"# ([A-Z][A-Z0-9_]+)=(.*)")


@dataclass
class Group:
    """Settings below one heading; `part` is what must be on for them."""

    title: str
    part: str = ""
    settings: list[tuple[str, str, str]] = field(default_factory=list)


def groups() -> list[Group]:
    text = (TEMPLATE / ".env.example.jinja").read_text()
    found = [read(part) for part in re.split(r"(?m)^# --- ", text)[1:]]
    return [group for group in found if group.settings]


def read(text: str) -> Group:
    title, *lines = text.splitlines()
    group = Group(title, whole(lines))
    note: list[str] = []
    for line in lines:
        setting = SETTING.fullmatch(line)
        if setting:
            default = setting[2].replace("{{ project_slug }}", "my-service")
            group.settings.append((setting[1], default, " ".join(note)))
            note = []
        elif line.startswith("# "):
            note = [*note, line.removeprefix("# ")]
    return group


def whole(lines: list[str]) -> str:
    """The part that the whole group stands or falls with."""
    tags = list(conditions(lines))
    first = next((line for line in lines if line), "")
    alone = len(tags) == 1 and first.startswith("{%")
    return tags[0] if alone and "{% else %}" not in lines else ""


def conditions(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if found := re.fullmatch(r"{% if enabled\.(\w+) %}", line):
            yield found[1]
