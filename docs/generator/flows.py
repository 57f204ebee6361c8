"""How a rendered service is built, and the way of a request through it.

Words come from the service's own page on architecture; each file and name is looked up, so that
the pictures cannot outlive what they show.
"""

import re
import textwrap
from dataclasses import dataclass

from docs.generator.facts import TEMPLATE, Facts
from docs.generator.svg import Picture

LEFT, WIDE = 16, 408
STATION, GAP = 44, 14
CENTRED = {"text-anchor": "middle"}
IN_MERMAID = re.compile(r'subgraph \w+ \["(?P<title>[^"]+)"\]|\w+\["(?P<label>[^"]+)"\]')


@dataclass(frozen=True)
class Step:
    """A station of a request: what happens, and the name in a file that does it."""

    title: str
    file: str
    name: str

    def check(self) -> None:
        if self.name not in (TEMPLATE / self.file).read_text():
            raise LookupError(f"{self.file} has no {self.name}: mend docs/generator/flows.py.")


STEPS = (
    Step("Request id, clock, outermost try", "app/core/edge.py", "class Edge"),
    Step("Host, HTTPS, CORS, size, compression", "app/core/middleware.py", "core_middleware"),
    Step("Who is asking, and may they?", "app/core/identity.py", "class Requirement"),
    Step("Within the rate limit?", "app/core/ratelimit.py", "class RateLimit"),
    Step("The transaction begins", "app/core/database/session.py", "get_session"),
    Step("The route: one call of the service", "app/items/routes.py", "create_item"),
    Step("Rules and queries", "app/items/service.py", "class ItemService"),
    Step("Commit, before the first byte leaves", "app/core/database/session.py", "begin"),
    Step("What waited for the commit", "app/core/database/after_commit.py", "run_after_commit"),
    Step("Headers, time, one log line", "app/core/edge.py", "def record"),
)
IN_TRANSACTION = range(4, 8)


def life_of_a_request() -> Picture:
    picture = Picture("The life of a request")
    for number, step in enumerate(STEPS):
        step.check()
        station(picture, number, step)
        if number + 1 < len(STEPS):
            bottom = top(number) + STATION
            picture.arrow(226, bottom + 1, bottom + GAP - 1)
    start, end = top(IN_TRANSACTION[0]), top(IN_TRANSACTION[-1]) + STATION
    picture.path(f"M402 {start}h8V{end}h-8")
    turned = f"rotate(-90 428 {(start + end) / 2})"
    picture.text(428, (start + end) / 2, "one transaction", "small", **CENTRED, transform=turned)
    picture.text(LEFT, picture.height + 24, "An error anywhere rolls back, and becomes a problem")
    picture.text(LEFT, picture.height + 18, "document (RFC 9457). An unknown one: a bare 500.")
    return picture


def station(picture: Picture, number: int, step: Step) -> None:
    y = top(number)
    picture.box(56, y, 340, STATION, "box" if number in IN_TRANSACTION else "plain")
    picture.dot(32, y + STATION / 2, 13)
    picture.text(32, y + STATION / 2 + 5, str(number + 1), "white", **CENTRED)
    picture.text(68, y + 18, step.title, "strong")
    picture.text(68, y + 36, step.file, "mono small")


def top(number: int) -> int:
    return 16 + number * (STATION + GAP)


def architecture(facts: Facts) -> Picture:
    picture = Picture("How a rendered service is built")
    y = 16.0
    for title, labels in layers():
        picture.text(LEFT, y + 14, title, "strong")
        y += 24
        for label in labels:
            y = card(picture, y, *label.split(": ", 1)) + 8
        picture.arrow(picture.width / 2, y - 2, y + 16)
        y += 24
    picture.text(LEFT, y + 14, "a database: SQLite or PostgreSQL", "strong")
    y += 40
    picture.text(LEFT, y, "Features: a folder and a line each", "strong")
    for part, entry in facts.features.items():
        for folder in (path for path in entry.get("paths", []) if path.startswith("/app/")):
            y += 22
            picture.text(LEFT + 8, y, folder.strip("/"), "mono")
            picture.text(picture.width - 16, y, part, "small", **{"text-anchor": "end"})
    return picture


def layers() -> list[tuple[str, list[str]]]:
    """The boxes of the picture in `docs/architecture.md`, whose files must be there."""
    text = (TEMPLATE / "docs/architecture.md").read_text()
    found: list[tuple[str, list[str]]] = []
    for match in IN_MERMAID.finditer(text.split("```")[1]):
        if match["title"]:
            found.append((match["title"], []))
        else:
            found[-1][1].append(match["label"])
    if len(found) < 2:  # noqa: PLR2004  (the core, and a feature)
        raise LookupError("docs/architecture.md of the template has no picture that is known here.")
    return found


def card(picture: Picture, y: float, head: str, words: str) -> float:
    lines = textwrap.wrap(words, 54)
    height = 28 + 18 * len(lines)
    picture.box(LEFT, y, WIDE, height)
    picture.text(LEFT + 12, y + 19, head, "mono strong")
    for number, line in enumerate(lines, 1):
        picture.text(LEFT + 12, y + 19 + 18 * number, line, "small")
    return y + height
