"""What is rendered and run is what the README promises: nothing is left out by the reductions."""

import itertools
from collections.abc import Iterable, Iterator

import pytest

from tests.questions import Answer, options, shown_with
from tests.rules import refusal
from tests.summary import Count
from tests.variants import (
    JOINING,
    MIXES,
    Service,
    Variant,
    all_services,
    all_suites,
    code,
    combinations,
    covering,
    every,
    product,
    services,
    shards,
    tuples,
    variant,
    variants,
)

Answers = tuple[tuple[str, Answer], ...]


def possible(names: list[str], size: int) -> Iterator[Answers]:
    """Every so many answers that somebody can give together."""
    for questions in itertools.combinations(names, size):
        for values in itertools.product(*(options()[name] for name in questions)):
            answers = dict(zip(questions, values, strict=True))
            needed = {str(shown_with(name)): True for name in questions if is_shown(name, answers)}
            together = variant({**needed, **answers})
            given = all(together[name] == value for name, value in answers.items())
            if given and any(refusal(one.data) is None for one in completed(together, questions)):
                yield tuple(answers.items())


def is_shown(name: str, answers: dict[str, Answer]) -> bool:
    """Whether the answer is another than the one of a question that is not asked."""
    return shown_with(name) is not None and answers[name] != options()[name][0]


def completed(one: Variant, given: Iterable[str]) -> Iterator[Variant]:
    """With other answers to the questions that rules read, where they are not given."""
    free = [name for name in ("database", "docker", "kubernetes") if name not in given]
    return (one.but(**answers) for answers in product(free))


def occurring(chosen: tuple[Variant, ...], names: list[str], size: int) -> set[Answers]:
    return set().union(*(tuples(one, names, size) for one in chosen))


def test_every_combination_of_the_code_is_rendered() -> None:
    rendered = {tuple(one[name] for name in code()) for one in variants()}

    asked = {
        tuple(answers[name] for name in code())
        for answers in map(dict, possible(code(), len(code())))
    }
    assert rendered == asked
    assert len(combinations()) == len(asked)
    assert every() or len(set(variants())) == MIXES * len(asked)


@pytest.mark.parametrize("size", [2, 3], ids=["pair", "triple"])
def test_answers_of_any_questions_meet(size: int, count: Count) -> None:
    names = list(options())

    met = occurring(variants(), names, size)

    assert met == set(possible(names, size))
    count(f"{'pairs' if size == 2 else 'triples'} of answers rendered", len(met))


def test_a_question_that_is_not_asked_has_its_default() -> None:
    assert variant({"tasks": False, "broker": "rabbitmq"})["broker"] == "redis"
    assert variant({"tasks": True, "broker": "rabbitmq"})["broker"] == "rabbitmq"
    assert not [one for one in variants() if one["broker"] == "rabbitmq" and not one["tasks"]]


def test_first_variant_has_the_defaults() -> None:
    assert variants()[0] == variant({})


def test_pairs_meet_in_the_suites_too() -> None:
    names = [*code(), *JOINING]
    run = tuple(one for of_service in all_suites().values() for one in of_service)

    assert occurring(run, names, 2) == set(possible(names, 2))
    assert occurring(covering(), names, 2) == set(possible(names, 2))


def test_shards_are_all_services_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Service] = []
    for shard in shards():
        monkeypatch.setenv("TRELLIS_SHARD", shard)
        found += services()

    monkeypatch.delenv("TRELLIS_SHARD")
    assert sorted(map(str, found)) == sorted(map(str, all_services()))
    assert sum(len(service.variants) for service in found) == len(variants())


def test_names_of_services_differ() -> None:
    assert len({str(service) for service in all_services()}) == len(all_services())
