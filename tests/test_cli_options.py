"""`options` and `matrix`, and that the command line reads copier.yml as Copier does."""

import itertools
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fastapi_trellis.definition import Definition
from fastapi_trellis.sheet import Sheet
from tests.command_line import trellis
from tests.questions import ROOT, copier_yml, options, questions
from tests.rules import complete, refusal
from tests.test_answers import GOOD_AND_BAD
from tests.trees import Tree
from tests.variants import product


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    result = trellis("options", "--json", cwd=ROOT)
    loaded: dict[str, Any] = json.loads(result.out)
    return loaded


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return Sheet(Definition.parse((ROOT / "copier.yml").read_text()))


def test_options_have_every_question_answer_and_part(described: dict[str, Any]) -> None:
    found = {one["name"]: one for group in described["groups"] for one in group["questions"]}

    assert list(found) == list(questions())
    for name, values in options().items():
        assert {answer["value"] for answer in found[name]["answers"]} == set(values)
        assert found[name]["default"] == values[0]
    assert described["features"] == copier_yml()["features"]["default"]
    assert found["broker"]["asked_when"] == "tasks"
    assert len(found["kubernetes"]["rules"]) == 2
    assert [group["name"] for group in described["groups"]] == [
        "who and what",
        "the service",
        "delivery",
        "tooling",
    ]


def test_options_say_what_an_answer_brings(described: dict[str, Any]) -> None:
    found = {one["name"]: one for group in described["groups"] for one in group["questions"]}
    brings = {
        (name, str(answer["value"])): answer["brings"]
        for name, one in found.items()
        for answer in one["answers"]
    }

    assert brings["cache", "True"] == ["redis", "cache", "docker_cache"]
    assert brings["database", "postgres"] == ["postgres"]
    assert brings["cache", "False"] == []


def test_options_name_the_presets(described: dict[str, Any]) -> None:
    files = [preset["file"] for preset in described["presets"]]

    assert files == [f"presets/{name}.yml" for name in ("minimal", "api", "realtime", "full")]
    assert all(preset["about"].endswith(".") for preset in described["presets"])


def test_options_are_for_people_too() -> None:
    said = trellis("options", cwd=ROOT).out

    assert [name for name in questions() if name not in said] == []


def test_matrix_has_each_pair_that_is_allowed() -> None:
    rows = json.loads(trellis("matrix", cwd=ROOT).out)["include"]
    shards = [json.loads(trellis("matrix", "--shard", f"{n}/3", cwd=ROOT).out) for n in (1, 2, 3)]

    names = [name for name in options() if name != "broker"]
    allowed = {
        pair
        for pair in itertools.chain.from_iterable(
            itertools.product(*([(name, value) for value in options()[name]] for name in two))
            for two in itertools.combinations(names, 2)
        )
        if refusal({"database": "postgres", **dict(pair)}) is None
    }
    covered = {
        pair
        for row in rows
        for pair in itertools.combinations([(name, row["answers"][name]) for name in names], 2)
    }
    assert allowed - covered == set()
    assert [row for row in rows if refusal(row["answers"])] == []
    assert len(rows) < 30
    joined = [row["name"] for shard in shards for row in shard["include"]]
    assert sorted(joined) == sorted(row["name"] for row in rows)
    assert len(set(joined)) == len(rows)


def test_matrix_refuses_a_shard_that_is_none() -> None:
    assert trellis("matrix", "--shard", "4/3", cwd=ROOT).code == 2


def test_the_rules_are_those_of_the_oracle(sheet: Sheet) -> None:
    cases = [*GOOD_AND_BAD, *product(["database", "docker", "kubernetes"])]

    for answers in cases:
        refused = sheet.fill(answers).refused
        expected = refusal(complete(answers))
        assert next(iter(refused.items()), None) == expected, answers


def test_the_defaults_are_those_of_copier(sheet: Sheet, project: Callable[..., Path]) -> None:
    answers = {"project_name": "Order Desk", "tasks": True}

    recorded = Tree(project(**answers)).answers()

    filled = sheet.fill({**answers, "sparkle": False}).answers
    assert filled == {
        name: value
        for name, value in recorded.items()
        if not name.startswith("_") and name != "sparkle"
    }


def test_groups_and_projects_need_the_same_packages() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = pyproject["dependency-groups"]

    listed = [*groups["start"], *(one for one in groups["cli"] if isinstance(one, str))]
    assert listed == pyproject["project"]["dependencies"]
