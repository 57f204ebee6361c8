"""The answers that are proved. They are read from copier.yml: a new question joins by itself.

`python -m tests.variants --json` prints the shards of a full run, for the matrix of a workflow.
"""

import itertools
import json
import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.rules import refusal

ROOT = Path(__file__).resolve().parent.parent

Answer = str | bool

# Questions with many values, each of which changes a line or two: every value is rendered with
# every value of every other question, but they do not multiply the variants.
ROTATED = ("license", "python_version")

# Questions that change no Python file, so that they need not multiply the runs of suites.
# `test_renders.py` checks that this is true. A question that is not here multiplies them.
TOOLING = ("package_manager", "type_checker", "pre_commit", "ci", *ROTATED)

SERVICES_PER_SHARD = 4


@dataclass(frozen=True)
class Variant:
    """Answers to all questions but the free-text ones."""

    answers: tuple[tuple[str, Answer], ...]

    def __str__(self) -> str:
        return "-".join(label(*answer) for answer in self.answers if answer[1] is not False)

    def __getitem__(self, question: str) -> Answer:
        return dict(self.answers)[question]

    def but(self, **changes: Answer) -> "Variant":
        return Variant(tuple((key, changes.get(key, value)) for key, value in self.answers))

    @property
    def data(self) -> dict[str, Answer]:
        return dict(self.answers)


@dataclass(frozen=True)
class Service:
    """One set of Python files, and every variant that has it."""

    name: str
    variants: tuple[Variant, ...]

    def __str__(self) -> str:
        return self.name


def label(question: str, answer: Answer) -> str:
    return question if answer is True else f"no_{question}" if answer == "none" else str(answer)


@cache
def copier_yml() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text())
    return loaded


def questions() -> dict[str, dict[str, Any]]:
    """What people are asked: neither settings of Copier nor computed values."""
    return {
        name: question
        for name, question in copier_yml().items()
        if not name.startswith("_") and question.get("when") is not False
    }


def options() -> dict[str, list[Answer]]:
    """The questions with a few possible answers, and those answers, the default first."""
    return {
        name: sorted(possible(question), key=lambda value: value != question["default"])
        for name, question in questions().items()
        if possible(question)
    }


def possible(question: Mapping[str, Any]) -> list[Answer]:
    if question["type"] == "bool":
        return [False, True]
    choices = question.get("choices", [])
    return list(choices.values() if isinstance(choices, dict) else choices)


def texts() -> list[str]:
    return [name for name in questions() if name not in options()]


@cache
def variants() -> tuple[Variant, ...]:
    """Every combination that the rules allow; the rotated answers go round over them."""
    multiplied = {name: values for name, values in options().items() if name not in ROTATED}
    rotated = list(itertools.product(*(options()[name] for name in ROTATED)))
    # Going round in order would pair some values never: the lengths have common factors.
    dice = random.Random(1)
    found = []
    for index, combination in enumerate(itertools.product(*multiplied.values())):
        if index % len(rotated) == 0:
            dice.shuffle(rotated)
        answers = dict(zip(multiplied, combination, strict=True))
        answers |= dict(zip(ROTATED, rotated[index % len(rotated)], strict=True))
        if refusal(answers) is None:
            found.append(Variant(tuple((name, answers[name]) for name in options())))
    return tuple(found)


@cache
def all_services() -> tuple[Service, ...]:
    def service(variant: Variant) -> str:
        shown = (answer for answer in variant.answers if answer[0] not in TOOLING)
        return str(Variant(tuple(shown)))

    groups: dict[str, list[Variant]] = {}
    for variant in variants():
        groups.setdefault(service(variant), []).append(variant)
    return tuple(Service(name, tuple(group)) for name, group in groups.items())


def services() -> tuple[Service, ...]:
    """All of them, or those of TRELLIS_SHARD=1/4: every fourth from the first."""
    number, count = shard()
    return all_services()[number - 1 :: count]


def first_shard() -> bool:
    """The first shard also proves what is not said of one service."""
    return shard()[0] == 1


def shard() -> tuple[int, int]:
    number, _, count = os.environ.get("TRELLIS_SHARD", "1/1").partition("/")
    return int(number), int(count)


def shards() -> Iterator[str]:
    count = -(-len(all_services()) // SERVICES_PER_SHARD)
    return (f"{number}/{count}" for number in range(1, count + 1))


if __name__ == "__main__":
    print(json.dumps(list(shards())))  # noqa: T201
