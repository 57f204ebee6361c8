"""What has happened, told to whoever listens. A realtime feature carries it; without one, nobody.

An event is published once the change that it tells of is committed:
`after_commit(session, partial(events.publish, event))`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from app.core.dependencies import opened
from app.core.identity import Permission


@dataclass(frozen=True)
class Topic:
    """Something to listen to.

    Args:
        name: words of a-z with hyphens and dots between them, such as "items".
        permission: who may listen; with None everybody.
        owned: each hears of what is theirs, administrators of all.
    """

    name: str
    permission: Permission | None = None
    owned: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened.

    Args:
        topic: name of a topic that some feature lists.
        name: what it was, such as "item.updated".
        data: what listeners are told, as JSON.
        owner: the principal whose it is, where the topic is an owned one.
    """

    topic: str
    name: str
    data: Mapping[str, Any]
    owner: str | None = None


class Events(Protocol):
    async def publish(self, event: Event) -> None:
        """Tell all who listen, in this process or any other. It never fails for their sake."""
        del event


class Nobody(Events):
    """Nobody listens."""


NOBODY = Nobody()


CurrentEvents = Annotated[Events, opened("events", NOBODY)]
