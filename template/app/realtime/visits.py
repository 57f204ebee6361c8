"""How long a connection may go on."""

import asyncio
import random

from starlette.requests import HTTPConnection

from app.core.database.engine import Database
from app.core.identity import Principal, Unauthenticated, get_principal
from app.core.problems import Unavailable
from app.realtime.listeners import Ended
from app.realtime.settings import RealtimeSettings

EARLY = 0.002
"""Seconds that an alarm may come before its time: uvloop rounds to milliseconds."""


class Visit:
    """One connection's right to stay: as long as its log-in counts, and it is not too old.

    Connections that are cut off and open again find the machines that are there, and the code
    that is new; and whoever is locked out does not listen on for ever.
    """

    def __init__(
        self, connection: HTTPConnection, database: Database, principal: Principal
    ) -> None:
        self._connection = connection
        self._database = database
        self._principal = principal
        self._check_seconds = RealtimeSettings.load().check_seconds
        # Those that came at once shall not all come again at once.
        age = RealtimeSettings.load().max_seconds * random.uniform(0.9, 1)  # noqa: S311
        self._end = asyncio.get_running_loop().time() + age
        self.next_check = self._following_check()

    async def check_in_time(self) -> None:
        """Look whether it may go on, if it is time for that: `next_check`, in the loop's time.

        Raises:
            Ended: it may not.
        """
        time = asyncio.get_running_loop().time() + EARLY
        if time < self.next_check:
            return
        if time >= self._end:
            raise Ended("expired")
        try:
            still = await get_principal(self._connection, self._database)
        except Unauthenticated as error:
            raise Ended("logged out") from error
        except Unavailable:
            still = self._principal  # nobody is sent away for a database that is
        if still != self._principal:
            raise Ended("logged out")
        self.next_check = self._following_check()

    def seconds_to_check(self) -> float:
        return max(0.0, self.next_check - asyncio.get_running_loop().time())

    def _following_check(self) -> float:
        return min(self._end, asyncio.get_running_loop().time() + self._check_seconds)
