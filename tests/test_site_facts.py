"""What the generated pages and pictures say is what is rendered."""

from pathlib import Path

import pytest
import yaml

from docs.generator.compose import services
from docs.generator.facts import facts
from docs.generator.flows import STEPS, Step
from tests.manifest import enabled
from tests.questions import ROOT, options
from tests.variants import combinations, fullest, product, variant


def test_the_matrix_is_that_of_the_oracle() -> None:
    found: dict[str, set[str]] = {name: set() for name in options()}
    for one in (*combinations(), fullest()):
        for name in found:
            for answer in product([name]):
                other = enabled(one.but(**answer).data)
                on = enabled(one.data)
                found[name] |= {part for part in on if bool(on[part]) != bool(other[part])}

    assert {one["name"]: facts().moves(one) for one in facts().choices()} == {
        name: parts for name, parts in found.items() if parts
    }


@pytest.mark.parametrize("preset", sorted((ROOT / "tests/presets").glob("*.yml")), ids=str)
def test_files_are_counted_as_they_are_rendered(preset: Path) -> None:
    answers = yaml.safe_load(preset.read_text()) or {}
    rendered = preset.with_suffix(".tree").read_text().splitlines()

    assert [f"/{line.split(maxsplit=2)[2]}" for line in rendered] == sorted(facts().files(answers))


def test_answers_bring_what_options_say() -> None:
    for question in facts().choices():
        for one in question["answers"]:
            assert set(one["brings"]) <= set(facts().brings(question, one["value"]))


def test_steps_of_a_request_are_in_the_source() -> None:
    for step in STEPS:
        step.check()
    with pytest.raises(LookupError, match="mend docs/generator"):
        Step("", "app/main.py", "class Gone").check()


def test_smallest_service_has_the_fewest_files() -> None:
    counts = {
        one["name"]: len(facts().files(facts().preset(one["name"]))) for one in facts().presets
    }

    assert min(counts, key=lambda name: counts[name]) == "minimal"
    assert counts["full"] == len(
        facts().files(variant({**fullest().data, "broker": "rabbitmq"}).data)
    )


def test_production_is_that_of_the_compose_file() -> None:
    needs = services(facts())

    assert {other for needed in needs.values() for other in needed} <= set(needs)
    assert needs["nginx"] == ["app"]
    assert set(needs["migrate"]) == {"postgres", "rabbitmq", "redis"}
