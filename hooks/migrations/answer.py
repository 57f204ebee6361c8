"""Carry an answer over to a newer release: a step of `_migrations`, before the update.

    answer.py rename OLD NEW            what was answered to OLD is the answer to NEW
    answer.py replace QUESTION OLD NEW  where OLD was answered, it is NEW from now on
    answer.py begin QUESTION ANSWER     projects that were never asked keep what they had

It edits `.copier-answers.yml` of the project it is started in, and can be run twice.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ANSWERS = Path(".copier-answers.yml")


def rename(answers: dict[str, Any], old: str, new: str) -> None:
    if old in answers:
        answers[new] = answers.pop(old)


def replace(answers: dict[str, Any], question: str, old: str, new: str) -> None:
    if answers.get(question) == yaml.safe_load(old):
        answers[question] = yaml.safe_load(new)


def begin(answers: dict[str, Any], question: str, answer: str) -> None:
    answers.setdefault(question, yaml.safe_load(answer))


STEPS: dict[str, Callable[..., None]] = {"rename": rename, "replace": replace, "begin": begin}


def main(step: str, *arguments: str) -> None:
    answers = yaml.safe_load(ANSWERS.read_text(encoding="utf-8"))
    STEPS[step](answers, *arguments)
    # The update that follows writes the file anew, with the comment on its top.
    ANSWERS.write_text(yaml.safe_dump(answers, allow_unicode=True), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
