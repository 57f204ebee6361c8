"""What recurs. Each time has a key: several beats, or one that restarts, do nothing twice."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from app.core.database.engine import Database
from app.core.database.models import now
from app.tasks.declarations import KINDS
from app.tasks.outbox import KeyReused, Outbox

SYSTEM = "system"
RETRY_AFTER = 5.0  # seconds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger()


async def beat(database: Database) -> None:
    """Enqueue what recurs, until cancelled. A time that passes while no beat runs is left out."""
    while True:
        try:
            wait = await enqueue_current(database, now())
        except Exception as error:  # noqa: BLE001  (whatever it is, the beat must go on)
            log.warning("beat missed", reason=repr(error))
            wait = RETRY_AFTER
        await asyncio.sleep(wait)


async def enqueue_current(database: Database, moment: datetime) -> float:
    """Enqueue what the present times ask for; return how many seconds it is to the next one."""
    following = [moment + timedelta(minutes=1)]  # also where nothing recurs
    for kind in KINDS.values():
        if kind.every is not None:
            current = moment - (moment - EPOCH) % kind.every
            # Also by a release that gave it other arguments: it is enqueued.
            with suppress(KeyReused):
                async with database.transaction() as session:
                    outbox = Outbox(session, SYSTEM)
                    await outbox.add(kind, kind.arguments(), key=current.isoformat())
            following.append(current + kind.every)
    return max((min(following) - now()).total_seconds(), 0)
