"""Answers that are given beforehand: by flag, `--data`, environment, file or preset."""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from fastapi_trellis.definition import Definition, Question
from fastapi_trellis.errors import Misused
from fastapi_trellis.screen import warn
from fastapi_trellis.sheet import NO, YES, listed

PREFIX = "TRELLIS_"


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that refuses a word."""
    names = list(known)
    near = difflib.get_close_matches(word, names, 1)
    return f"did you mean {near[0]}?" if near else f"there are {listed(names)}."


def question_of(definition: Definition, name: str) -> Question:
    found = definition.asked.get(name.replace("-", "_"))
    if found is None:
        raise Misused(f"Nothing asks for {name}: {nearest(name, definition.asked)}")
    return found


def parse(question: Question, text: str) -> Any:
    """An answer as it is typed.

    Raises:
        Misused: it is none of the possible ones.
    """
    if question.type == "bool":
        if text.strip().lower() not in YES | NO:
            raise Misused(f"{question.name} is yes or no, and not {text}.")
        return text.strip().lower() in YES
    if question.choices:
        by_text = {str(value): value for value in question.values}
        if text not in by_text:
            raise Misused(f"{question.name} cannot be {text}: {nearest(text, by_text)}")
        return by_text[text]
    if question.type == "str":
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise Misused(f"{question.name} cannot be read: {text}") from None


def from_pairs(definition: Definition, pairs: Iterable[str]) -> dict[str, Any]:
    """`question=answer`, as after `--data`."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise Misused(f"{pair} is no answer: write question=answer.")
        question = question_of(definition, name)
        found[question.name] = parse(question, text)
    return found


def from_words(
    definition: Definition, words: Iterable[str], own: Iterable[str]
) -> tuple[dict[str, Any], list[str]]:
    """Flags that are named like questions, and the words that are none.

    `--database postgres`, `--database=postgres`, `--cache`, `--no-cache`, `--cache=no`.
    """
    found: dict[str, Any] = {}
    others: list[str] = []
    rest = [word for word in words if word != "--"]
    while rest:
        word = rest.pop(0)
        if word.startswith("--"):
            question, answer = _flag(definition, word, rest, own)
            found[question.name] = answer
        elif word.startswith("-"):
            raise Misused(f"There is no option {word}: {nearest(word, own)}")
        else:
            others.append(word)
    return found, others


def _flag(
    definition: Definition, word: str, rest: list[str], own: Iterable[str]
) -> tuple[Question, Any]:
    """The question and the answer of a flag, which may be the next word."""
    name, equals, text = word.removeprefix("--").partition("=")
    key = name.replace("-", "_")
    asked = definition.asked
    question = asked.get(key) or asked.get(key.removeprefix("no_"))
    if question is None or (key not in asked and question.type != "bool"):
        known = [f"--{one.replace('_', '-')}" for one in asked]
        raise Misused(f"There is no option --{name}: {nearest(f'--{name}', [*own, *known])}")
    if question.type == "bool":
        said = parse(question, text) if equals else True
        return question, said is (key in asked)
    if not equals and not rest:
        raise Misused(f"--{name} needs an answer.")
    return question, parse(question, text if equals else rest.pop(0))


def from_environment(definition: Definition) -> dict[str, Any]:
    """TRELLIS_DATABASE=postgres, and so on."""
    found: dict[str, Any] = {}
    variables = {PREFIX + name.upper(): one for name, one in definition.asked.items()}
    for name, text in os.environ.items():
        if name in variables:
            found[variables[name].name] = parse(variables[name], text)
        elif name.startswith(PREFIX) and (
            near := difflib.get_close_matches(name, variables, 1, 0.85)
        ):
            # Not refused: somebody else may begin a name so.
            warn(f"{name} answers no question: did you mean {near[0]}?")
    return found


def from_file(definition: Definition, path: Path) -> dict[str, Any]:
    """A file as `copier copy --data-file` takes it, such as the answers of another project."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"{path} cannot be read: {error}") from None
    return from_text(definition, text, str(path))


def from_text(definition: Definition, text: str, name: str) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise Misused(f"{name} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(loaded, Mapping):
        raise Misused(f"{name} has no answers: write question: answer.")
    found = {}
    for key, value in loaded.items():
        if not str(key).startswith("_"):
            question = question_of(definition, str(key))
            found[question.name] = parse(question, "" if value is None else str(value))
    return found
