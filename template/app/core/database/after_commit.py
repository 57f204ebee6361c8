"""What is to be done once a transaction is committed, and not at all where it is rolled back."""

from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

ACTIONS = "after_commit"

log = structlog.get_logger()


def after_commit(session: AsyncSession, action: Callable[[], Awaitable[None]]) -> None:
    """Do something after the commit, and before the answer leaves."""
    session.info.setdefault(ACTIONS, []).append(action)


async def run_after_commit(session: AsyncSession) -> None:
    """Do it all, in order. What fails is logged: the change is made, nobody may be told otherwise.

    Whoever begins a transaction without `Database.transaction` calls this after its end.
    """
    actions = session.info.pop(ACTIONS, [])
    for action in actions:
        try:
            await action()
        except Exception:
            log.exception("failed after a commit")
