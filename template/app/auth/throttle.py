"""Slow down who guesses passwords, without locking the owner out for ever."""

import hashlib
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import select

from app.auth.models import Session, User
from app.core.database.session import CurrentDatabase
from app.core.dependencies import inline
from app.core.ratelimit import CurrentLimiter, RateLimit
from app.core.requests import client_address

PER_ADDRESS = RateLimit("log-in", "30/minute")
# Guesses from one place, and from all places together; a right password forgets the first.
PER_ACCOUNT_AND_ADDRESS = RateLimit("log-in-account", "10/15 minutes")
PER_ACCOUNT = RateLimit("log-in-account-everywhere", "100/hour")


class LogInThrottle:
    def __init__(
        self, request: Request, limiter: CurrentLimiter, database: CurrentDatabase
    ) -> None:
        self.limiter = limiter
        self.database = database
        self.address = client_address(request)

    async def count(self, account: str) -> None:
        """Count a try, before it is known whether it is right.

        Raises:
            TooManyRequests: there were too many.
        """
        await PER_ADDRESS.count(self.limiter, self.address)
        await PER_ACCOUNT_AND_ADDRESS.count(self.limiter, self._key(account))
        # Whoever keeps this count full must not keep out the owner at home.
        if not await self._knows_address(account):
            await PER_ACCOUNT.count(self.limiter, key_of(account))

    async def forget(self, account: str) -> None:
        await PER_ACCOUNT_AND_ADDRESS.forget(self.limiter, self._key(account))

    async def _knows_address(self, account: str) -> bool:
        log_in = select(Session.id).join(User, User.id == Session.user_id).limit(1)
        earlier = log_in.where(User.email == account, Session.address == self.address)
        async with self.database.read.begin() as session:
            return await session.scalar(earlier) is not None

    def _key(self, account: str) -> str:
        return f"{key_of(account)}:{self.address}"


def key_of(account: str) -> str:
    """Name an account by a digest: what is typed there may be long, strange, or a password."""
    return hashlib.sha256(account.encode(errors="replace")).hexdigest()


Throttle = Annotated[LogInThrottle, Depends(inline(LogInThrottle))]
