"""What listeners get."""

from dataclasses import dataclass

import orjson
import structlog

from app.core.events import Event
from app.realtime.places import Place

log = structlog.get_logger()


@dataclass(frozen=True, eq=False, slots=True)
class Message:
    """An event on its way.

    Args:
        data: JSON; `null` where it was too large, and has to be read from where it is.
        channels: who hears it: an owned topic has one for each owner, and one for administrators.
    """

    place: Place
    name: str
    topic: str
    data: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reset:
    """Events may have been missed: what is known is to be read again."""

    place: Place


def channels_of(event: Event) -> tuple[str, ...]:
    return (event.topic,) if event.owner is None else (f"{event.topic}:{event.owner}", event.topic)


def encode(event: Event, *, most: int) -> dict[str, bytes]:
    """Write an event as the fields of a stream's entry."""
    data = orjson.dumps(event.data)
    if len(data) > most:
        log.warning("event is too large, its data is left out", name=event.name, bytes=len(data))
        data = b"null"
    return {
        "name": event.name.encode(),
        "topic": event.topic.encode(),
        "channels": orjson.dumps(channels_of(event)),
        "data": data,
    }


def decode(place: Place, fields: dict[str, bytes]) -> Message:
    return Message(
        place,
        fields["name"].decode(),
        fields["topic"].decode(),
        fields["data"].decode(),
        tuple(orjson.loads(fields["channels"])),
    )
