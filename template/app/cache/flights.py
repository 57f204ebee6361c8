"""What is being made in this process, so that those who want the same wait for it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    def __init__(self) -> None:
        self.going: dict[Hashable, asyncio.Future[T]] = {}

    async def wait(self, key: Hashable) -> T | None:
        """Return what another call makes, or raise its error; None means: make it yourself.

        A call that is cancelled fails nobody else: the next who waits makes it, with its own means.
        """
        while (flight := self.going.get(key)) is not None:
            await asyncio.wait([flight])
            if not flight.cancelled():
                return flight.result()
        return None

    async def lead(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Make it. Nothing may be awaited between this and a `wait` that returned None."""
        flight = self.going[key] = asyncio.get_running_loop().create_future()
        try:
            result = await make()
        except Exception as error:
            flight.set_exception(error)
            flight.exception()  # seen here: perhaps nobody waits
            raise
        else:
            flight.set_result(result)
            return result
        finally:
            flight.cancel()  # where it is not done
            del self.going[key]
