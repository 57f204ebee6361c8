"""Events on their way from whoever publishes to whoever listens."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from hashlib import sha256
from secrets import token_hex
from time import time
from typing import Annotated

from app.core.dependencies import opened
from app.core.events import Event
from app.core.problems import Unavailable
from app.realtime.connections import Connections
from app.realtime.history import History
from app.realtime.listeners import Listener
from app.realtime.messages import Reset, decode, encode
from app.realtime.metrics import PUBLISHED, RESETS
from app.realtime.places import START, Place, Position
from app.realtime.settings import RealtimeSettings

Fields = dict[str, bytes]


class EventsUnavailable(Unavailable):
    detail = "Events cannot be followed just now. Try again in a moment."


def new_stream() -> str:
    return token_hex(4)


def stream_after(stream: str) -> str:
    """Name the stream that follows on another: all who notice the change give it the same name."""
    return sha256(stream.encode()).hexdigest()[:8]


class Hub:
    """Tells each listener of the events of its channels, in the order of one stream.

    What is published goes out through `send`: here that is the hub itself. With Redis it is the
    stream that all processes read (`app.realtime.redis`).
    """

    def __init__(self, settings: RealtimeSettings) -> None:
        self.settings = settings
        self.connections = Connections(settings)
        self.history: History | None = None
        self.send: Callable[[Fields], None] = self._send_here
        self._listeners: dict[str, set[Listener]] = {}
        self._stopping = False

    async def publish(self, event: Event) -> None:
        """Pass an event on; while Redis is away, it waits in this process."""
        PUBLISHED.inc()
        self.send(encode(event, most=self.settings.max_event_bytes))

    @contextmanager
    def listen(self, channels: Iterable[str], after: str | None = None) -> Generator[Listener]:
        """Listen to some channels from now on, or from a place that a client was at.

        A listener whose place is not known any more, or never was, gets a `Reset` first.

        Raises:
            EventsUnavailable: nothing is known of the stream yet, or the service is stopping.
        """
        channels = frozenset(channels)
        listener = self._listener(channels, after)
        for channel in channels:
            self._listeners.setdefault(channel, set()).add(listener)
        try:
            yield listener
        finally:
            for channel in channels:
                self._listeners[channel].remove(listener)
                if not self._listeners[channel]:
                    del self._listeners[channel]

    def move_on(self, listener: Listener) -> None:
        """Let a listener that has got everything know how far the stream is."""
        listener.move_on(self._known().place)

    def begin(self, stream: str, before: Position = START) -> None:
        """Begin a new history: whoever listens is told that something may be missing."""
        self.history = History(stream, self.settings.history, before)
        reset = Reset(self.history.place)
        for listener in self._everybody():
            RESETS.inc()
            listener.offer(reset)

    def receive(self, position: Position, fields: Fields) -> None:
        history = self._known()
        message = decode(Place(history.stream, position), fields)
        history.add(message)
        for channel in message.channels:
            for listener in self._listeners.get(channel, ()):
                listener.offer(message)

    def stop(self) -> None:
        """Let every listener go: the service ends, and would wait for them."""
        self._stopping = True
        for listener in self._everybody():
            listener.end("stopping")

    def _listener(self, channels: frozenset[str], after: str | None) -> Listener:
        if self._stopping:
            raise EventsUnavailable
        history, size = self._known(), self.settings.queue
        if after is None:
            return Listener(size, history.place)
        place = Place.parse(after)
        if place is None or not history.reaches(place):
            RESETS.inc()
            return Listener(size, history.place, [Reset(history.place)])
        missed = history.after(place.position)
        mine = [message for message in missed if not channels.isdisjoint(message.channels)]
        return Listener(size, place, mine)

    def _known(self) -> History:
        if self.history is None:
            raise EventsUnavailable
        return self.history

    def _everybody(self) -> set[Listener]:
        return {listener for listeners in self._listeners.values() for listener in listeners}

    def _send_here(self, fields: Fields) -> None:
        last = self._known().last
        now = Position(int(time() * 1000), 0)
        self.receive(max(now, Position(last.time, last.number + 1)), fields)


CurrentHub = Annotated[Hub, opened("events")]
