"""What is read through the cache in these tests."""

import asyncio

from pydantic import BaseModel

from app.core.cache import Cache


class Note(BaseModel):
    text: str


class Source:
    """Gives what it holds when it is asked, after a while; counts how often it is asked."""

    def __init__(self, text: str = "old", seconds: float = 0) -> None:
        self.text = text
        self.seconds = seconds
        self.calls = 0
        self.called = asyncio.Event()

    async def __call__(self) -> Note:
        self.calls += 1
        self.called.set()
        note = Note(text=self.text)
        await asyncio.sleep(self.seconds)
        return note

    async def read(self, cache: Cache, *, seconds: float = 60) -> str:
        return (await cache.get(Note, "note:1", self, seconds=seconds, tags=("note:1",))).text
