"""How many may listen at once."""

from collections import Counter
from contextlib import ExitStack
from http import HTTPStatus

from app.core.problems import AppError, Unavailable
from app.realtime.metrics import CONNECTIONS
from app.realtime.settings import RealtimeSettings


class TooManyConnections(AppError):
    status = HTTPStatus.TOO_MANY_REQUESTS


class Full(Unavailable):
    """All clients together have too many connections."""


class Connections:
    """Counts those of this process."""

    def __init__(self, settings: RealtimeSettings) -> None:
        self._settings = settings
        self._open: Counter[str] = Counter()

    def admit(self, transport: str, client: str) -> ExitStack:
        """Count one, until what is returned is closed.

        Raises:
            TooManyConnections: the client has too many.
            Full: all clients together have.
        """
        if self._open.total() >= self._settings.max_connections:
            raise Full("No more connections are possible just now. Try again in a moment.")
        most = self._settings.max_connections_each
        if self._open[client] >= most:
            told = f"At most {most} connections at once. Close one first."
            raise TooManyConnections(told, headers={"Retry-After": "30"})
        self._open[client] += 1
        admission = ExitStack()
        admission.callback(self._leave, client)
        admission.enter_context(CONNECTIONS.labels(transport).track_inprogress())
        return admission

    def _leave(self, client: str) -> None:
        self._open[client] -= 1
        if not self._open[client]:
            del self._open[client]
