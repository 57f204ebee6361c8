"""Many listeners at once: python tests/listeners.py URL SSE WEBSOCKETS MESSAGES PAUSE

Runs in the environment of a rendered project. Each listener has to hear of every item that is
created here, in order and once; an item's name is the moment at which its creation was asked for.
Prints what came of it as JSON; times are in milliseconds, from the question to the listener.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import ClassVar, cast
from urllib.parse import urlsplit

import httpx2
import uvloop

PATIENCE = 120  # seconds
AT_ONCE = 50  # connections that are being opened
EVENT = b"item.created"
NAME = re.compile(rb'"name":"([\d.]+)"')
TEXT, PING, PONG = 0x1, 0x9, 0xA


class Listener(asyncio.Protocol):
    """Notes what comes and when. It is read when all is over: it runs beside the service, and
    what it does meanwhile would count as time of the service.
    """

    request: ClassVar[str]
    begun: ClassVar[bytes]
    """What is heard when all that follows are events."""

    def __init__(self, host: str, messages: int) -> None:
        self.host = host
        self.left = messages
        self.pieces: list[tuple[float, bytes]] = []
        self.ready = asyncio.Event()
        self.done = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)
        self.transport.write(self.request.format(host=self.host).replace("\n", "\r\n").encode())

    def data_received(self, data: bytes) -> None:
        self.pieces.append((time.perf_counter(), data))
        self.left -= data.count(EVENT)
        if not self.ready.is_set():
            self.begin(b"".join(piece for _, piece in self.pieces))
        elif self.left <= 0:
            self.done.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.ready.set()
        self.done.set()

    def begin(self, heard: bytes) -> None:
        if self.begun in heard:
            self.ready.set()

    def heard(self) -> Iterator[tuple[str, float]]:
        """Yield the name of each item, and the seconds from its question to the last byte."""
        rest = b""
        for when, piece in self.pieces:
            rest += piece
            end = 0
            for name in NAME.finditer(rest):
                yield name[1].decode(), when - float(name[1])
                end = name.end()
            rest = rest[end:]


class Stream(Listener):
    request = "GET /events?topic=items HTTP/1.1\nHost: {host}\n\n"
    begun = b"event: ready\n"


class Socket(Listener):
    request = (
        "GET /ws HTTP/1.1\nHost: {host}\nConnection: Upgrade\nUpgrade: websocket\n"
        "Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n"
    )
    begun = b'"type":"subscribed"'
    asked = False

    def data_received(self, data: bytes) -> None:
        if data[0] == 0x80 | PING:
            self.transport.write(frame(PONG, data[2 : 2 + data[1]]))
        super().data_received(data)

    def begin(self, heard: bytes) -> None:
        super().begin(heard)
        if not self.asked and b'"type":"ready"' in heard:
            self.asked = True
            self.transport.write(frame(TEXT, b'{"type": "subscribe", "topic": "items"}'))


def frame(opcode: int, payload: bytes) -> bytes:
    """Write a frame of up to 125 bytes (RFC 6455, 5.2), masked with zeros."""
    return bytes([0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload


async def connect(listeners: Sequence[Listener], url: str) -> None:
    host, _, port = urlsplit(url).netloc.partition(":")
    gate = asyncio.Semaphore(AT_ONCE)
    loop = asyncio.get_running_loop()

    async def open_one(listener: Listener) -> None:
        async with gate:
            await loop.create_connection(lambda: listener, host, int(port))
            await listener.ready.wait()

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        for listener in listeners:
            tasks.create_task(open_one(listener))


async def create_items(url: str, messages: int, pause: float) -> list[str]:
    names: list[str] = []
    async with httpx2.AsyncClient(base_url=url) as client:
        for _ in range(messages):
            names.append(repr(time.perf_counter()))
            response = await client.post("/items", json={"name": names[-1]})
            response.raise_for_status()
            await asyncio.sleep(pause)
    return names


async def main(url: str, streams: int, sockets: int, messages: int, pause: float) -> None:
    kinds = [Stream] * streams + [Socket] * sockets
    listeners = [kind(urlsplit(url).netloc, messages) for kind in kinds]
    # The first request takes longer, in each process of the service.
    await asyncio.gather(*(create_items(url, 1, 0) for _ in range(20)))
    begin = time.perf_counter()
    await connect(listeners, url)
    connected = time.perf_counter()
    say("connected")
    names = await create_items(url, messages, pause)
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            for listener in listeners:
                await listener.done.wait()
    heard = [list(listener.heard()) for listener in listeners]
    delays = sorted(delay for events in heard for _, delay in events)
    last = max(listener.pieces[-1][0] for listener in listeners)
    result = {
        "listeners": len(listeners),
        "exact": sum([name for name, _ in events] == names for events in heard),
        "delivered": len(delays),
        "connections_per_second": round(len(listeners) / (connected - begin)),
        "messages_per_second": round(len(delays) / (last - connected)),
        "p50": round(delays[len(delays) // 2] * 1000, 1),
        "p99": round(delays[len(delays) * 99 // 100] * 1000, 1),
    }
    say(json.dumps(result))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    address, streams, sockets, messages, pause = sys.argv[1:]
    uvloop.run(main(address, int(streams), int(sockets), int(messages), float(pause)))
