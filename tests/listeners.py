"""Many listeners at once: python tests/listeners.py URL SSE WEBSOCKETS MESSAGES PAUSE

Runs in the environment of a rendered project. Each listener has to hear of every item that is
created here, in order and once; an item's name is the moment at which its creation was asked for.
Prints what came of it as JSON; times are in milliseconds, from the question to the listener.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import urlsplit

import httpx2
import uvloop
from websockets.asyncio.client import connect

PATIENCE = 120  # seconds
AT_ONCE = 50  # connections that are being opened
LIMIT = 256 * 1024


async def over_sse(url: str, gate: asyncio.Semaphore) -> AsyncGenerator[bytes]:
    """The least that a client has to understand, so that it costs little beside the service."""
    where = urlsplit(url)
    async with gate:
        reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=LIMIT)
        request = f"GET /events?topic=items HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n"
        writer.write(request.encode())
        await reader.readuntil(b"event: ready\n")
        await reader.readuntil(b"\n\n")
    yield b""
    while line := await reader.readline():
        if line.startswith(b"data: "):
            yield line[6:]
    writer.close()


async def over_websocket(url: str, gate: asyncio.Semaphore) -> AsyncGenerator[bytes]:
    async with gate:
        socket = await connect(
            f"ws://{urlsplit(url).netloc}/ws", compression=None, ping_interval=None, proxy=None
        )
        await socket.recv()
        await socket.send('{"type": "subscribe", "topic": "items"}')
        await socket.recv()
    yield b""
    async for message in socket:
        _, _, data = str(message).partition('"data":')
        yield data[:-1].encode()


class Tally:
    def __init__(self, messages: int) -> None:
        self.messages = messages
        self.ready = asyncio.Semaphore(0)
        self.delays: list[float] = []
        self.heard: list[list[str]] = []

    async def listen(self, source: AsyncGenerator[bytes]) -> None:
        heard: list[str] = []
        self.heard.append(heard)
        async with aclosing(source) as messages:
            async for message in messages:
                if not message:
                    self.ready.release()
                    continue
                name = json.loads(message)["name"]
                self.delays.append(time.perf_counter() - float(name))
                heard.append(name)
                if len(heard) == self.messages:
                    return


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
    tally, gate = Tally(messages), asyncio.Semaphore(AT_ONCE)
    sources = [over_sse(url, gate) for _ in range(streams)]
    sources += [over_websocket(url, gate) for _ in range(sockets)]
    begin = time.perf_counter()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        for source in sources:
            tasks.create_task(tally.listen(source))
        for _ in sources:
            await tally.ready.acquire()
        connected = time.perf_counter()
        say("connected")
        names = await create_items(url, messages, pause)
    delays = sorted(tally.delays)
    result = {
        "listeners": len(sources),
        "exact": sum(heard == names for heard in tally.heard),
        "delivered": len(delays),
        "connections_per_second": round(len(sources) / (connected - begin)),
        "messages_per_second": round(len(delays) / (time.perf_counter() - connected)),
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
