"""Hear of the end of the service when it begins."""

import asyncio
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def on_stop(action: Callable[[], None]) -> Generator[None]:
    """Do something when the server is told to stop.

    It then waits for all connections, and only after that ends the lifespan: streams, which never
    end by themselves, have to hear of it before. Where the server handles no signals, as in tests,
    nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    previous = {number: handler for number, handler in handlers.items() if callable(handler)}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(action)
        previous[signal.Signals(number)](number, frame)

    for number in previous:
        signal.signal(number, stop)
    yield
    for number, handler in previous.items():
        if signal.getsignal(number) is stop:
            signal.signal(number, handler)
