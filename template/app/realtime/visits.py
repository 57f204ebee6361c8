"""How long a connection may go on."""

import asyncio
import random
from collections.abc import Callable

from starlette.requests import HTTPConnection

from app.core.database.engine import Database
from app.core.identity import Principal, Unauthenticated, get_principal
from app.core.problems import Unavailable
from app.realtime.listeners import Reason
from app.realtime.settings import RealtimeSettings


async def reason_to_end(
    connection: HTTPConnection,
    database: Database,
    principal: Principal,
    *,
    at_checks: Callable[[], None] = lambda: None,
) -> Reason:
    """Wait until a connection may not go on: its log-in does not count any more, or it is old.

    Connections that are cut off and open again find the machines that are there, and the code
    that is new; and whoever is locked out does not listen on for ever.

    Args:
        at_checks: called each time that it may.
    """
    settings, loop = RealtimeSettings.load(), asyncio.get_running_loop()
    # Those that came at once shall not all come again at once.
    end = loop.time() + settings.max_seconds * random.uniform(0.9, 1)  # noqa: S311
    while (left := end - loop.time()) > settings.check_seconds:
        await asyncio.sleep(settings.check_seconds)
        if not await still_counts(connection, database, principal):
            return "logged out"
        at_checks()
    await asyncio.sleep(left)
    return "expired"


async def still_counts(
    connection: HTTPConnection, database: Database, principal: Principal
) -> bool:
    try:
        return await get_principal(connection, database) == principal
    except Unauthenticated:
        return False
    except Unavailable:
        return True  # nobody is sent away for a database that is
