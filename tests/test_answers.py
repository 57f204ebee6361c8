"""Answers are written as they were given, or refused with a sentence that says what to change."""

import random
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests.hostile import HOSTILE
from tests.questions import copier_yml, options, texts
from tests.rendering import render
from tests.repository import TemplateRepository, changes, update
from tests.rules import RESERVED, complete, refusal
from tests.summary import Count
from tests.trees import Tree
from tests.variants import product

GOOD_AND_BAD: tuple[dict[str, Any], ...] = (
    {"project_name": ""},
    {"project_name": "   "},
    {"project_name": "42"},
    {"project_name": "42 Answers"},
    {"project_name": "Привет"},
    {"project_name": "Привет", "project_slug": "privet"},
    {"project_name": "Café & Co."},
    {"project_name": "x" * 50},
    {"project_name": "x" * 51},
    {"project_name": "x" * 100, "project_slug": "x"},
    {"project_name": "x" * 101, "project_slug": "x"},
    {"project_name": "FastAPI"},
    {"project_slug": "a"},
    {"project_slug": "a-1"},
    {"project_slug": "1a"},
    {"project_slug": "-a"},
    {"project_slug": "a-"},
    {"project_slug": "a--b"},
    {"project_slug": "a_b"},
    {"project_slug": "a b"},
    {"project_slug": "A"},
    {"project_slug": "a\n"},
    {"project_slug": "x" * 50},
    {"project_slug": "x" * 51},
    {"project_slug": "../evil"},
    {"description": "x" * 300},
    {"description": "x" * 301},
    {"author_name": "x" * 100},
    {"author_name": "x" * 101},
    {"author_email": "team@example.com"},
    {"author_email": "first.last+tag@sub.example.co"},
    {"author_email": "team@localhost"},
    {"author_email": "team@example."},
    {"author_email": "@example.com"},
    {"author_email": "a@b@example.com"},
    {"author_email": "team@example.com\n"},
    {"author_email": 'a"b@example.com'},
    {"author_email": "x" * 64 + "@example.com"},
    {"author_email": "x" * 65 + "@example.com"},
    *({"project_slug": slug} for slug in sorted(RESERVED)),
    *({name: text} for name in texts() for text in HOSTILE.values()),
)

ALPHABET = [*"aZ09 -_.@+'\"\\#:{%é中🚀", "\n", "\t", "\x00", "\x1f", "\x7f", "\x9f", "\u00a0"]
ALPHABET += ["\u2027", "\u2028", "\u202f", "\u200f", "\u2066", "\u2069", "\u206a", "\ufeff"]


@pytest.fixture(scope="session")
def written(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with nothing but the files that an answer can reach: renders are quicker."""
    path = tmp_path_factory.mktemp("written") / "trellis"

    def verbatim(folder: str, names: list[str]) -> list[str]:
        files = [name for name in names if Path(folder, name).is_file()]
        return [name for name in files if "template" in folder and not name.endswith(".jinja")]

    return Path(shutil.copytree(source, path, ignore=verbatim))


@pytest.fixture(scope="session")
def repository(written: Path, tmp_path_factory: pytest.TempPathFactory) -> TemplateRepository:
    return TemplateRepository.make(written, tmp_path_factory.mktemp("repository"))


def verdict(source: Path, folder: Path, answers: dict[str, Any]) -> tuple[str, str] | None:
    """What Copier says: the question it refuses, and why."""
    try:
        render(source, folder, answers, pretend=True)
    except ValueError as error:
        question, sentence = re.findall(r"(?s)Validation error for .*'(\w+)': (.*)", str(error))[0]
        return question, " ".join(sentence.split())
    return None


def headline(markdown: str) -> str:
    """The text that a reader of the first heading sees."""
    _, heading, *_ = MarkdownIt().parse(markdown)
    return "".join(token.content for token in heading.children or ())


def test_every_text_question_has_hostile_answers_and_rules() -> None:
    assert set(texts()) == complete({}).keys()


def test_reserved_slugs_are_the_same_twice() -> None:
    assert set(copier_yml()["reserved_slugs"]["default"]) == RESERVED


@pytest.mark.parametrize("question", texts())
def test_rules_agree(question: str, written: Path, tmp_path: Path, count: Count) -> None:
    cases = [answers for answers in GOOD_AND_BAD if question in answers]
    dice = random.Random(question)
    for _ in range(60):
        text = "".join(dice.choices(ALPHABET, k=dice.randint(1, 6)))
        cases.append({question: dice.choice((text, f"a{text}b", f"a@b{text}.c"))})

    wrong = [
        (answers, found, expected)
        for answers in cases
        if (found := verdict(written, tmp_path, answers)) != (expected := refusal(answers))
    ]

    assert wrong == []
    count("answers judged", len(cases))


def test_rules_between_answers_agree(written: Path, tmp_path: Path, count: Count) -> None:
    cases = list(product(["database", "docker", "kubernetes"]))

    wrong = [
        (answers, found, expected)
        for answers in cases
        if (found := verdict(written, tmp_path, answers)) != (expected := refusal(answers))
    ]

    assert wrong == []
    assert sum(refusal(answers) is not None for answers in cases) == 3
    count("answers judged", len(cases))


@pytest.mark.parametrize(
    "question", [name for name in options() if "choices" in copier_yml()[name]]
)
def test_unknown_choice_is_refused(question: str, source: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"Invalid choice for '{question}'"):
        render(source, tmp_path, {question: "something else"}, pretend=True)


@pytest.mark.updates
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_read_back(
    text: str, repository: TemplateRepository, tmp_path: Path, count: Count
) -> None:
    """In every question that takes it, at once; and the next update changes nothing."""
    given = {name: text for name in texts() if refusal({"project_slug": "a", name: text}) is None}
    given = {"project_slug": "a-service", **given}

    project = repository.copy(tmp_path / "project", given)

    answers = complete(given)
    tree = Tree(project)
    pyproject = tomllib.loads(tree.files["pyproject.toml"].decode())["project"]
    author = {"name": answers["author_name"], "email": answers["author_email"]}
    author = {key: value for key, value in author.items() if value}
    assert {name: tree.answers()[name] for name in answers} == answers
    assert pyproject["name"] == answers["project_slug"]
    assert pyproject["description"] == answers["description"]
    assert pyproject.get("authors", []) == ([author] if author else [])
    assert headline(tree.files["README.md"].decode()) == answers["project_name"].strip(" ")

    update(project)

    assert changes(project) == ""
    count("updates")
