"""The pages of a rendered service on its features: their titles and first paragraphs."""

import re
from dataclasses import dataclass
from pathlib import Path

from docs.generator.facts import TEMPLATE, Facts


@dataclass(frozen=True)
class Document:
    path: Path
    title: str
    first: str


def documents(facts: Facts) -> dict[str | None, list[Document]]:
    """By the part that owns them, None for what every service has."""
    owners = {
        path: part
        for part, entry in facts.features.items()
        for path in entry.get("paths", [])
        if path.startswith("/docs/features/")
    }
    found: dict[str | None, list[Document]] = {}
    for path in sorted((TEMPLATE / "docs/features").glob("*.md")):
        found.setdefault(owners.get(f"/docs/features/{path.name}"), []).append(read(path))
    return found


def read(path: Path) -> Document:
    title, first, *_ = path.read_text().split("\n\n", 2)
    return Document(path, title.removeprefix("# "), first)


def about(document: Document) -> str:
    """The first paragraph; links to other pages of the service become words."""
    text = re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]+\)", r"\1", document.first)
    place = f"docs/features/{document.path.name}"
    return f"{text}\n\nMore in the service itself: [`{place}`](../template/{place}).\n"
