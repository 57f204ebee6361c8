"""`matrix`: a few variants in which each pair of answers occurs, for the CI of a fork."""

import itertools
import json
import random
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from fastapi_trellis.commands.arguments import Ref, Url
from fastapi_trellis.errors import Misused
from fastapi_trellis.screen import progress
from fastapi_trellis.sheet import Sheet
from fastapi_trellis.template import open_template

Shard = Annotated[str, typer.Option(metavar="N/OF", help="Only every OF-th, from the N-th.")]

Answers = dict[str, Any]
Pair = tuple[tuple[str, Any], ...]

POOL = 500  # variants to choose from: more make the list hardly shorter


def matrix(shard: Shard = "1/1", url: Url = None, ref: Ref = None) -> None:
    """Print variants as JSON for a CI matrix: each pair of answers is in one of them."""
    number, _, count = shard.partition("/")
    if not (number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
        raise Misused(f"{shard} is no shard: write 2/4 for the second of four.")
    with open_template(url, ref) as template, progress("Pairing the answers"):
        found = pairwise(template.sheet)[int(number) - 1 :: int(count)]
    rows = [{"name": name(template.sheet, one), "answers": one} for one in found]
    print(json.dumps({"include": rows}, ensure_ascii=False))  # noqa: T201


def pairwise(sheet: Sheet) -> list[Answers]:
    """The defaults first; the same list each time, as the dice always fall alike."""
    asked = sheet.definition.asked.values()
    choices = {one.name: one.values for one in asked if one.values}
    dice = random.Random(1)  # noqa: S311
    rows = [dict(sheet.fill({}).answers)]
    pool = list(itertools.islice(dealt(sheet, choices, dice), POOL))
    missing = set().union(*(pairs(row, choices) for row in pool)) - pairs(rows[0], choices)
    while missing:
        best = max(pool, key=lambda row: len(pairs(row, choices) & missing))
        rows.append(best)
        missing -= pairs(best, choices)
    return [{key: row[key] for key in choices if key in row} for row in rows]


def dealt(sheet: Sheet, choices: dict[str, Any], dice: random.Random) -> Iterator[Answers]:
    """Answers by chance that no rule refuses."""
    while True:
        row = {key: dice.choice(values) for key, values in choices.items()}
        filled = sheet.fill(row, with_parts=False)
        if not filled.refused:
            yield filled.answers


def pairs(row: Answers, choices: dict[str, Any]) -> set[Pair]:
    return set(itertools.combinations([(key, row[key]) for key in choices if key in row], 2))


def name(sheet: Sheet, row: Answers) -> str:
    short = sheet.shortest(row)
    return "-".join(key if value is True else f"no_{key}" if value is False else str(value)
                    for key, value in short.items()) or "default"  # fmt: skip
