"""What follows the stream in Redis, one in each process."""

import asyncio
import itertools
import random
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from app.realtime.hub import Fields, Hub, new_stream, stream_after
from app.realtime.places import START, Position
from app.realtime.settings import BLOCK

MOST_WAITING = 10_000
AT_ONCE = 200

Entry = tuple[bytes, dict[bytes, bytes]]
log = structlog.get_logger()


def retry_delay(failures: int) -> float:
    return min(3.0, 0.1 * 2.0**failures) * random.uniform(0.5, 1)  # noqa: S311  (no secret)


async def insist(work: Callable[[], Awaitable[None]], complaint: str) -> None:
    """Do something, again and again until it works; say once that it does not."""
    for failures in itertools.count(1):
        try:
            await work()
        except Exception as error:  # noqa: BLE001  (whatever it is, nobody may go deaf for it)
            if failures == 1:
                log.warning(complaint, reason=repr(error))
            await asyncio.sleep(retry_delay(failures))
        else:
            return


class StreamState:
    """What Redis says of a stream; of none, that it is empty."""

    def __init__(self, info: dict[str, Any]) -> None:
        self.length: int = info.get("length", 0)
        self.last = Position.parse(info.get("last-generated-id", b"0-0").decode())
        first = info.get("first-entry")
        self.first = Position.parse(first[0].decode()) if first else START
        self.complete: bool = info.get("entries-added", 0) == self.length
        """Whether no entry has been left behind for being too many."""


class Reader:
    """Follows the stream for all listeners of this process."""

    def __init__(self, redis: Redis, key: str, hub: Hub) -> None:
        self._redis = redis
        self._key = key
        self._hub = hub
        self._stream = ""
        self._last = START
        self._in_step = False
        self._counts: dict[bytes, int] = {}
        self.caught_up = asyncio.Event()

    async def run(self) -> None:
        while True:
            # An entry that is none of ours is behind us already.
            await insist(self._read, "events cannot be read from Redis")

    async def _read(self) -> None:
        if not self._in_step:
            await self._catch_up()
        self._in_step = False  # unless all goes well
        before = self._last
        block = int(BLOCK * 1000)
        answer: Any = await self._redis.xread({self._key: str(before)}, AT_ONCE, block)
        streams: dict[bytes, list[Entry]] = dict(answer)
        for entries in streams.values():
            if len(entries) >= min(AT_ONCE, self._hub.settings.history):
                # So many have come that those before them may be gone already.
                await self._catch_up()
            if self._last == before:
                self._receive(entries)
            await asyncio.sleep(0)
        self._in_step = True

    async def _catch_up(self) -> None:
        """Find out whether the stream is the one that was followed, and complete."""
        await self._redis.set(f"{self._key}:name", new_stream(), nx=True)
        name = cast("bytes", await self._redis.get(f"{self._key}:name")).decode()
        state = await self._state()
        if name == self._stream and await self._is_cut(state):
            # Redis is back without its latest entries: from here on it is another stream.
            name = stream_after(name)
            await self._redis.set(f"{self._key}:name", name)
        if name != self._stream or (state.first > self._last and not state.complete):
            await self._load(name, state)
        self.caught_up.set()

    async def _is_cut(self, state: StreamState) -> bool:
        """Whether what was read last has gone, and not for being old."""
        if self._last < state.first or self._last == START:
            return False
        last = str(self._last)
        return not await self._redis.xrange(self._key, last, last)

    async def _state(self) -> StreamState:
        try:
            return StreamState(await self._redis.xinfo_stream(self._key))
        except ResponseError:  # there is no such key
            return StreamState({})

    async def _load(self, name: str, state: StreamState) -> None:
        most = self._hub.settings.history
        newest = await self._redis.xrevrange(self._key, count=most)
        entries = cast("list[Entry]", newest)[::-1]
        # Where entries fill the answer, older ones may not be in it.
        whole = state.complete and state.length <= len(entries) < most
        positions = [Position.parse(key.decode()) for key, _ in entries]
        # What was heard before is not told again, though it is in another stream now.
        heard = bisect_right(positions, self._last)
        first = positions[max(heard - 1, 0)] if entries else state.last
        self._stream, self._last = name, state.last
        self._hub.begin(name, START if whole and not heard else first)
        self._receive(entries[heard:])

    def _receive(self, entries: Sequence[Entry]) -> None:
        for key, entry in entries:
            self._last = Position.parse(key.decode())
            fields = {name.decode(): value for name, value in entry.items()}
            if not self._is_new(fields):
                continue
            if "reset" in fields:
                self._hub.begin(self._stream, self._last)
            else:
                self._hub.receive(self._last, fields)

    def _is_new(self, fields: Fields) -> bool:
        source, count = fields.get("source", b""), int(fields.get("count", b"0"))
        known = self._counts.pop(source, 0)
        self._counts[source] = max(known, count)  # at the end again: the oldest are forgotten
        if len(self._counts) > MOST_WAITING:
            del self._counts[next(iter(self._counts))]
        return count > known
