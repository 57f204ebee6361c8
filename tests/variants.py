"""The answers that are proved. They are read from copier.yml: a new question joins by itself.

`python -m tests.variants --json` prints the shards of a full run, for the matrix of a workflow.
"""

import itertools
import json
import os
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar

import pytest
from _pytest.mark import ParameterSet

from tests.manifest import enabled, python_owners
from tests.questions import Answer, options, shown_with
from tests.rules import refusal

# Questions that change no Python file of the service, so that they need not multiply suites.
# `test_renders.py` checks that this is true.
TOOLING = (
    "docker",
    "kubernetes",
    "package_manager",
    "type_checker",
    "pre_commit",
    "ci",
    "license",
    "python_version",
)

# Questions that join by pairs: they add a folder that no other part knows of.
JOINING = ("tracing", "sentry")

# Questions that each change a line or two: even TRELLIS_EVERY does not multiply them.
ROTATED = ("license", "python_version")

# How many mixes of the other answers each combination of the code's questions is rendered with.
MIXES = 6

SERVICES_PER_SHARD = 15

# How much further the next day begins: a run on two cores gets that far in any case.
TURN = 13

T = TypeVar("T")
F = TypeVar("F")


@dataclass(frozen=True)
class Variant:
    """Answers to all questions but the free-text ones."""

    answers: tuple[tuple[str, Answer], ...]

    def __str__(self) -> str:
        asked = (answer for answer in self.answers if self.asks(answer[0]))
        return "-".join(label(*answer) for answer in asked if answer[1] is not False)

    def asks(self, question: str) -> bool:
        condition = shown_with(question)
        return condition is None or dict(self.answers).get(condition) is True

    def __getitem__(self, question: str) -> Answer:
        return dict(self.answers)[question]

    def but(self, **changes: Answer) -> "Variant":
        return variant({**self.data, **changes})

    @property
    def data(self) -> dict[str, Answer]:
        return dict(self.answers)


@dataclass(frozen=True)
class Service:
    """One set of Python files, but for the parts that join by pairs, and who has it."""

    name: str
    variants: tuple[Variant, ...]

    def __str__(self) -> str:
        return self.name


def label(question: str, answer: Answer) -> str:
    return question if answer is True else f"no_{question}" if answer == "none" else str(answer)


def variant(answers: dict[str, Answer]) -> Variant:
    """With the defaults, and what is not asked at its default: other variants do not exist."""
    known = {name: answers.get(name, values[0]) for name, values in options().items()}
    for name, values in options().items():
        condition = shown_with(name)
        if condition is not None and not known[condition]:
            known[name] = values[0]
    return Variant(tuple(known.items()))


def smallest() -> Variant:
    return variant({"auth": "none"})


def fullest() -> Variant:
    """Everything on."""
    everything = {name: True for name, values in options().items() if True in values}
    return variant({"database": "postgres", **everything})


@cache
def code() -> list[str]:
    """The questions that every combination is proved of."""
    return [name for name in options() if name not in (*TOOLING, *JOINING)]


def product(names: Sequence[str]) -> Iterator[dict[str, Answer]]:
    for values in itertools.product(*(options()[name] for name in names)):
        yield dict(zip(names, values, strict=True))


@cache
def combinations() -> tuple[Variant, ...]:
    """Every combination of the code's questions, with the defaults of all others."""
    found = dict.fromkeys(variant(answers) for answers in product(code()))
    return tuple(one for one in found if refusal(one.data) is None)


def every() -> bool:
    """Whether the whole product is wanted, and no design."""
    return os.environ.get("TRELLIS_EVERY", "") == "1"


@cache
def variants() -> tuple[Variant, ...]:
    """Every combination with several mixes of the other answers; the first has all defaults.

    The mixes are dealt from shuffled decks of all of them. `test_variants.py` checks that each
    pair of answers occurs, and each triple.
    """
    dice = random.Random(1)
    multiplied = [*JOINING, *(name for name in TOOLING if name not in ROTATED)]
    others = list(product(multiplied)) if every() else [{}] * MIXES
    deck = decks(dice, ROTATED if every() else (*JOINING, *TOOLING))
    found = [
        mixed
        for combination in combinations()
        for other in others
        if refusal(combination.but(**other).data) is None
        for mixed in itertools.islice(allowed(combination.but(**other), deck), 1)
    ]
    return (variant({}), *found[1:])


def allowed(one: Variant, mixes: Iterable[dict[str, Answer]]) -> Iterator[Variant]:
    """The variant with each of the mixes that no rule refuses."""
    mixed = (one.but(**mix) for mix in mixes)
    return (found for found in mixed if refusal(found.data) is None)


def decks(dice: random.Random, names: Sequence[str]) -> Iterator[dict[str, Answer]]:
    cards = list(product(names))
    while True:
        dice.shuffle(cards)
        yield from cards


@cache
def all_services() -> tuple[Service, ...]:
    """One for each set of Python files, whichever answers lead to it."""
    groups: dict[frozenset[str], list[Variant]] = {}
    names: dict[frozenset[str], str] = {}
    for one in variants():
        on = enabled(one.data)
        parts = frozenset(part for part in python_owners() if on[part] and part not in JOINING)
        groups.setdefault(parts, []).append(one)
        shown = (answer for answer in one.answers if answer[0] in code())
        names.setdefault(parts, str(Variant(tuple(shown))))
    return tuple(Service(names[parts], tuple(group)) for parts, group in groups.items())


def services() -> tuple[Service, ...]:
    """All of them, or those of TRELLIS_SHARD=1/4: every fourth from the first."""
    number, count = shard()
    return all_services()[number - 1 :: count]


@cache
def all_suites() -> dict[Service, tuple[Variant, ...]]:
    """The variants of each service whose suite is run: another one of JOINING for each service."""
    dealt = decks(random.Random(2), JOINING)
    return {
        # The last one has another broker than the first, where that changes no file.
        service: tuple(
            service.variants[-(number % 2)].but(**mix)
            for mix in (product(JOINING) if every() else [next(dealt)])
        )
        for number, service in enumerate(all_services())
    }


def suites() -> tuple[Variant, ...]:
    return tuple(one for service in services() for one in all_suites()[service])


@cache
def covering() -> tuple[Variant, ...]:
    """A few of the suites' variants in which each pair of answers that changes Python occurs."""
    names = (*code(), *JOINING)
    candidates = [one for of_service in all_suites().values() for one in of_service]
    return enough(candidates, lambda one: tuples(one, names, 2))


@cache
def longest() -> tuple[Variant, ...]:
    """Those of them in which each part meets each database."""

    def pairs(one: Variant) -> set[tuple[Answer, str]]:
        on = enabled(one.data)
        parts = (part for part in python_owners() if on[part] and part not in JOINING)
        return {(one["database"], part) for part in parts}

    return enough(covering(), pairs)


def enough(
    candidates: Sequence[Variant], facts: Callable[[Variant], set[F]]
) -> tuple[Variant, ...]:
    """A few of the variants, in which each fact occurs that occurs in any of them."""
    missing = set().union(*map(facts, candidates))
    chosen = []
    while missing:
        best = max(candidates, key=lambda one: len(facts(one) & missing))
        chosen.append(best)
        missing -= facts(best)
    return tuple(chosen)


def todays(items: Sequence[T], parts: int = 8) -> list[T]:
    """A part of what would take too long in each run: another one each day.

    TRELLIS_SUITES=all runs all of it, TRELLIS_SUITES=3 the part of such a day.
    """
    return list(items) if all_at_once() else list(items)[day() % parts :: parts]


def by_turns(items: Sequence[T]) -> list[T]:
    """All of them, from another place on each day: a run gets as far as it has time."""
    first = day() * TURN % len(items) if items else 0
    return [*items[first:], *items[:first]]


def in_order() -> list[ParameterSet]:
    """Services that cover each pair of answers; the others while there is time: decision 21."""
    pairs = set(covering())
    others = [one for one in services() if pairs.isdisjoint(all_suites()[one])]
    return [
        *(pytest.param(one, id=str(one)) for one in services() if one not in others),
        *(pytest.param(one, id=str(one), marks=pytest.mark.spare) for one in by_turns(others)),
    ]


def all_at_once() -> bool:
    return os.environ.get("TRELLIS_SUITES") == "all" or every()


def day() -> int:
    chosen = os.environ.get("TRELLIS_SUITES", "")
    return int(chosen) if chosen.isdecimal() else datetime.now(UTC).toordinal()


def tuples(one: Variant, names: Sequence[str], size: int) -> set[tuple[tuple[str, Answer], ...]]:
    """The pairs (or triples) of answers that occur in a variant."""
    return set(itertools.combinations([(name, one[name]) for name in names], size))


def mine(chosen: Sequence[Variant]) -> list[Variant]:
    """Those of this shard."""
    number, count = shard()
    return list(chosen)[number - 1 :: count]


def first_shard() -> bool:
    """The first shard also proves what is not said of one service."""
    return shard()[0] == 1


def shard() -> tuple[int, int]:
    number, _, count = os.environ.get("TRELLIS_SHARD", "1/1").partition("/")
    return int(number), int(count)


def shards() -> Iterator[str]:
    per_shard = 3 if every() else SERVICES_PER_SHARD
    count = -(-len(all_services()) // per_shard)
    return (f"{number}/{count}" for number in range(1, count + 1))


if __name__ == "__main__":
    print(json.dumps(list(shards())))  # noqa: T201
