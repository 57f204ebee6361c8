"""What copier.yml says: the questions in their groups, and the manifest of what answers own."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from fastapi_trellis.errors import Stop

HEADING = re.compile(r"# -{8,} (.+)")
KEY = re.compile(r"([A-Za-z]\w*):")
TAG = re.compile(r"{%.*?%}", re.DOTALL)


@dataclass(frozen=True)
class Choice:
    label: str
    value: Any


@dataclass(frozen=True)
class Question:
    """A key of copier.yml without an underscore; one that is never asked is computed."""

    name: str
    group: str
    raw: Mapping[str, Any]

    @property
    def type(self) -> str:
        return str(self.raw.get("type", "yaml"))

    @property
    def help(self) -> str:
        return str(self.raw.get("help", self.name))

    @property
    def asked(self) -> bool:
        return self.raw.get("when", True) is not False

    @property
    def choices(self) -> tuple[Choice, ...]:
        listed = self.raw.get("choices") or ()
        pairs = listed.items() if isinstance(listed, Mapping) else ((one, one) for one in listed)
        return tuple(Choice(str(label), value) for label, value in pairs)

    @property
    def values(self) -> tuple[Any, ...]:
        """The possible answers, where there are a few."""
        if self.type == "bool":
            return (False, True)
        return tuple(choice.value for choice in self.choices)

    @property
    def rules(self) -> list[str]:
        """The sentences with which its validator refuses."""
        parts = TAG.split(str(self.raw.get("validator", "")))
        return [" ".join(part.split()) for part in parts if part.strip()]


@dataclass(frozen=True)
class Definition:
    """One copier.yml."""

    questions: tuple[Question, ...]
    envops: Mapping[str, Any]

    @classmethod
    def parse(cls, text: str) -> "Definition":
        """Read it; the headings between the questions are comments, so they are read as text.

        Raises:
            Stop: it is no YAML, or no mapping.
        """
        try:
            raw = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise Stop(f"The template's copier.yml cannot be read: {error}") from None
        if not isinstance(raw, dict):
            raise Stop("The template's copier.yml has no questions.")
        questions = tuple(
            Question(name, group, raw[name] if isinstance(raw[name], dict) else {"when": False})
            for name, group in _grouped(text)
            if name in raw
        )
        return cls(questions, raw.get("_envops") or {})

    @cached_property
    def asked(self) -> dict[str, Question]:
        return {one.name: one for one in self.questions if one.asked}

    @property
    def features(self) -> dict[str, Mapping[str, Any]]:
        """The manifest: what each part is about and owns."""
        manifest = next((one for one in self.questions if one.name == "features"), None)
        found: Mapping[str, Any] = manifest.raw.get("default") or {} if manifest else {}
        return {name: part or {} for name, part in found.items()}


def _grouped(text: str) -> Iterator[tuple[str, str]]:
    group = ""
    for line in text.splitlines():
        if heading := HEADING.match(line):
            group = heading[1]
        elif key := KEY.match(line):
            yield key[1], group
