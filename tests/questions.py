"""The questions of copier.yml and their answers. Whatever is proved of them begins here."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent

Answer = str | bool


@cache
def copier_yml() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text())
    return loaded


@cache
def questions() -> dict[str, dict[str, Any]]:
    """What people are asked: neither settings of Copier nor computed values."""
    return {
        name: question
        for name, question in copier_yml().items()
        if not name.startswith("_") and question.get("when") is not False
    }


@cache
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
def shown_with(question: str) -> str | None:
    """The question that must be answered with yes for this one to be asked."""
    condition = re.fullmatch(r"{{ *(\w+) *}}", str(questions()[question].get("when", "")))
    return condition[1] if condition else None
