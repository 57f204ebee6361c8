"""Where in the stream of events something is."""

import re
from dataclasses import dataclass
from typing import NamedTuple, Self

PLACE = re.compile(r"([0-9a-f]{8})\.(\d{1,15}-\d{1,9})")


class Position(NamedTuple):
    """The id of a Redis stream: milliseconds, and a number within them."""

    time: int
    number: int

    def __str__(self) -> str:
        return f"{self.time}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> Self:
        time, _, number = text.partition("-")
        return cls(int(time), int(number))


START = Position(0, 0)


@dataclass(frozen=True, slots=True)
class Place:
    """A position in one stream; `stream` tells it from one that was lost, or is elsewhere."""

    stream: str
    position: Position

    def __str__(self) -> str:
        return f"{self.stream}.{self.position}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what a client sent back; None where it is none of ours."""
        found = PLACE.fullmatch(text)
        return cls(found[1], Position.parse(found[2])) if found else None
