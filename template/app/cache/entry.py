"""Names of values and tags in the store, and values as bytes."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from app.core.project import project

FORMAT = 1
"""Of what is stored. A new number makes all that older releases have kept invisible."""
EVERYTHING = "*"
"""The tag of all values."""
MAX_KEY_LENGTH = 200

M = TypeVar("M", bound=BaseModel)


def named(*parts: str) -> str:
    """Return a name of this service's own in a store that others may use too."""
    return ":".join((project().name, "cache", str(FORMAT), *parts))


def tag_name(tag: str) -> str:
    return named("tag", short(tag))


@dataclass(frozen=True)
class Entry(Generic[M]):
    """A value that is or could be kept: how it is made, and with which tags it is forgotten."""

    model: type[M]
    key: str
    tags: tuple[str, ...]
    source: Callable[[], Awaitable[M]]
    seconds: float

    def pack(self, value: M, versions: bytes) -> bytes:
        return versions + b"\n" + value.model_dump_json(round_trip=True).encode()

    def unpack(self, data: bytes | None, versions: bytes) -> M | None:
        """Return the value, if it was made since its tags were last forgotten."""
        made_at, _, text = (data or b"").partition(b"\n")
        if made_at != versions:
            return None
        try:
            return self.model.model_validate_json(text, by_alias=False, by_name=True)
        except ValidationError:
            return None


def value_name(model: type[BaseModel], key: str) -> str:
    return named("value", model.__name__, shape(model), short(key))


@cache
def shape(model: type[BaseModel]) -> str:
    """Return a digest that changes with the model, so that a new release reads nothing old."""
    schema = [model.__module__, model.__qualname__]
    schema += [
        json.dumps(model.model_json_schema(by_alias=False, mode=mode), sort_keys=True)
        for mode in ("validation", "serialization")
    ]
    return hashlib.sha256("\n".join(schema).encode()).hexdigest()[:16]


def short(name: str) -> str:
    # What is long may have come from a client.
    if len(name) <= MAX_KEY_LENGTH:
        return name
    return hashlib.sha256(name.encode()).hexdigest()
