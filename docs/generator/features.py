"""The pages of a rendered service: their titles and first paragraphs."""

import re
from dataclasses import dataclass
from pathlib import Path

from docs.generator.facts import TEMPLATE, Facts

LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]+\)")


@dataclass(frozen=True)
class Document:
    """`name` is the page in the rendered project, `path` its source in the template."""

    name: str
    path: str
    title: str
    first: str

    @property
    def link(self) -> str:
        return f"[`{self.name}`](../{self.path})"


def documents(facts: Facts) -> dict[str | None, list[Document]]:
    """By the part that owns them, None for what every service has."""
    owners = {path: part for part in facts.features for path in facts.owned([part])}
    folder = TEMPLATE / "docs"
    found: dict[str | None, list[Document]] = {}
    for path in [*sorted((folder / "features").iterdir()), *sorted(folder.glob("*.md*"))]:
        document = read(path)
        found.setdefault(owners.get(f"/{document.name}"), []).append(document)
    return found


def read(path: Path) -> Document:
    """Links to other pages of the service become words."""
    title, first, *_ = path.read_text().split("\n\n", 2)
    name = path.relative_to(TEMPLATE).as_posix()
    words = LINK.sub(r"\1", first) if first[0] not in "|{#" else ""
    if words.endswith(":"):
        words = f"{words[:-1]}."
    return Document(
        name.removesuffix(".jinja"), f"template/{name}", title.removeprefix("# "), words
    )
