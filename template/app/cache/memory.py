"""Values kept in this process."""

from collections import OrderedDict
from contextlib import AbstractAsyncContextManager, nullcontext
from time import monotonic

from app.cache.store import new_version

OVERHEAD = 300
"""Bytes that an entry takes beside its key and value, about."""


class MemoryStore:
    """Up to so many bytes: what was not used for longest goes first, be it a value or a tag."""

    def __init__(self, max_bytes: int) -> None:
        self.free = max_bytes
        self.entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, key: str, *tags: str) -> tuple[bytes | None, bytes]:
        versions = [self._find(tag) or self._keep(tag, new_version()) for tag in tags]
        return self._find(key), b",".join(versions)

    async def set(self, key: str, value: bytes, seconds: float) -> None:
        self._keep(key, value, monotonic() + seconds)

    async def forget(self, *tags: str) -> None:
        for tag in tags:
            self._drop(tag)

    def turn(self, key: str) -> AbstractAsyncContextManager[None]:
        del key  # there is no other process
        return nullcontext()

    def _find(self, key: str) -> bytes | None:
        end, value = self.entries.get(key, (0.0, None))
        if end <= monotonic():
            self._drop(key)
            return None
        self.entries.move_to_end(key)
        return value

    def _keep(self, key: str, value: bytes, end: float = float("inf")) -> bytes:
        self._drop(key)
        self.entries[key] = end, value
        self.free -= self._size(key, value)
        while self.free < 0:
            self._drop(next(iter(self.entries)))
        return value

    def _drop(self, key: str) -> None:
        if key in self.entries:
            _, value = self.entries.pop(key)
            self.free += self._size(key, value)

    @staticmethod
    def _size(key: str, value: bytes) -> int:
        return len(key) + len(value) + OVERHEAD
