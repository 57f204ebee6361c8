"""Where values are kept, and which version of its tags each belongs to."""

from contextlib import AbstractAsyncContextManager
from secrets import token_hex
from typing import Protocol


def new_version() -> bytes:
    # Random and no count: one that was lost can never come again.
    return token_hex(8).encode()


class Store(Protocol):
    """Keeps bytes for a while. It never fails: while it is away it finds and keeps nothing."""

    async def get(self, key: str, *tags: str) -> tuple[bytes | None, bytes]:
        """Find a value and the versions of tags, all at one moment.

        A tag without a version gets a new one; then no value is found.
        """
        ...

    async def set(self, key: str, value: bytes, seconds: float) -> None: ...

    async def forget(self, *tags: str) -> None:
        """Drop the versions of tags; if that cannot be done now, before anything is found again."""

    def turn(self, key: str) -> AbstractAsyncContextManager[None]:
        """Wait until no other process makes the value, or for as long as one may take."""
        ...
