"""One who listens, with a queue of bounded length."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Literal

from app.realtime.messages import Message, Reset
from app.realtime.metrics import DROPPED
from app.realtime.places import Place

# A client that has much to catch up with is not sent it all in one piece.
AT_ONCE = 64

Reason = Literal["slow", "stopping", "expired", "logged out"]


class Ended(Exception):
    """Nothing more will come here; the listener may come back to where it was."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class Listener:
    """Gets what is offered, in order.

    Args:
        size: how much may wait, besides what it missed.
        place: where it is: it knows what came before.
        missed: what it gets first.
    """

    def __init__(self, size: int, place: Place, missed: Sequence[Message | Reset] = ()) -> None:
        self.place = place
        self._size = size + len(missed)
        self._waiting: deque[Message | Reset] = deque(missed)
        self._wake = asyncio.Event()
        self._ended: Reason | None = None

    def offer(self, message: Message | Reset) -> None:
        """Queue a message. Where there is no room, it ends for being slow."""
        last = self._waiting[-1].place if self._waiting else self.place
        known = isinstance(message, Message) and message.place.position <= last.position
        if known or self._ended is not None:
            return
        if len(self._waiting) < self._size:
            self._waiting.append(message)
            self._wake.set()
        else:
            DROPPED.inc()
            self.end("slow")

    def end(self, reason: Reason) -> None:
        self._ended = self._ended or reason
        self._wake.set()

    async def next(self, most: int = AT_ONCE) -> list[Message | Reset]:
        """Wait, and return what is there; nothing, if it was told to move on.

        Raises:
            Ended: it does not get what still waits: it comes back for that.
        """
        if not self._waiting and self._ended is None:
            self._wake.clear()
            await self._wake.wait()
        if self._ended is not None:
            raise Ended(self._ended)
        news = [self._waiting.popleft() for _ in range(min(len(self._waiting), most))]
        if news:
            self.place = news[-1].place
        return news

    def move_on(self, place: Place) -> None:
        """Wake it; nothing was for it up to a place, unless something still waits."""
        if not self._waiting and place.position > self.place.position:
            self.place = place
        self._wake.set()
