"""The last events, for listeners that come back."""

from bisect import bisect_right
from collections import deque
from itertools import islice
from time import time

from app.realtime.messages import Message
from app.realtime.places import START, Place, Position

CLOCKS_DIFFER = 60  # seconds, at most


class History:
    """What this process has seen of one stream.

    Args:
        stream: its name; a new one begins where events were lost for all.
        before: the position of the last event that came before those which are kept.
    """

    def __init__(self, stream: str, size: int, before: Position = START) -> None:
        self.stream = stream
        self.before = before
        self.last = before
        self._size = size
        self._kept: deque[Message] = deque()

    @property
    def place(self) -> Place:
        """Where it ends."""
        return Place(self.stream, self.last)

    def add(self, message: Message) -> None:
        self.last = message.place.position
        self._kept.append(message)
        while len(self._kept) > self._size:
            self.before = self._kept.popleft().place.position

    def reaches(self, place: Place) -> bool:
        """Whether all that came after a place is here, or still to come.

        Another process may have been ahead of this one; nobody has been in the future.
        """
        soon = (time() + CLOCKS_DIFFER) * 1000
        return (
            place.stream == self.stream
            and self.before <= place.position
            and place.position.time <= soon
        )

    def after(self, position: Position) -> list[Message]:
        begin = bisect_right(self._kept, position, key=lambda message: message.place.position)
        return list(islice(self._kept, begin, None))
