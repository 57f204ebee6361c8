"""Where values are kept, and which version of its tags each belongs to."""

from secrets import token_hex
from typing import Protocol


def new_version() -> bytes:
    # Random and no count: one that was lost can never come again.
    return token_hex(8).encode()


class Store(Protocol):
    """Keeps bytes for a while. It never fails: while it is away it finds and keeps nothing."""

    async def get(self, *keys: str) -> list[bytes | None]:
        """Find values and versions of tags, all at one moment."""
        ...

    async def claim(self, *tags: str) -> list[bytes]:
        """Return the version of each tag, a new one where it has none."""
        ...

    async def set(self, key: str, value: bytes, seconds: float) -> None: ...

    async def forget(self, *tags: str) -> None:
        """Drop the versions of tags; if that cannot be done now, before anything is found again."""

    async def lock(self, name: str, token: bytes) -> bool:
        """Lock out other processes for a few seconds; False means that one has it."""
        ...

    async def unlock(self, name: str, token: bytes) -> None: ...
