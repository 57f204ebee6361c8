"""Slow down who guesses passwords or fills mailboxes; the owner is not locked out for ever."""

import hmac
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import select

from app.auth.models import Session, User
from app.auth.settings import AuthSettings
from app.core.database.session import CurrentDatabase
from app.core.dependencies import inline
from app.core.ratelimit import CurrentLimiter, RateLimit
from app.core.requests import client_network, network_of

PER_ADDRESS = RateLimit("log-in", "30/minute")
# Guesses from one place, and from all places together; a right password forgets the first.
PER_ACCOUNT_AND_ADDRESS = RateLimit("log-in-account", "10/15 minutes")
PER_ACCOUNT = RateLimit("log-in-account-everywhere", "100/hour")
MAILS = RateLimit("account-mail", "5/hour")


class LogInThrottle:
    def __init__(
        self, request: Request, limiter: CurrentLimiter, database: CurrentDatabase
    ) -> None:
        self.limiter = limiter
        self.database = database
        self.network = client_network(request)

    async def count(self, account: str) -> None:
        """Count a try, before it is known whether it is right.

        Raises:
            TooManyRequests: there were too many.
        """
        await PER_ADDRESS.count(self.limiter, self.network)
        await PER_ACCOUNT_AND_ADDRESS.count(self.limiter, self._key(account))
        # Whoever keeps this count full must not keep out the owner at home.
        if not await self._knows_network(account):
            await PER_ACCOUNT.count(self.limiter, key_of(account))

    async def forget(self, account: str) -> None:
        await PER_ACCOUNT_AND_ADDRESS.forget(self.limiter, self._key(account))

    async def count_mail(self, kind: str, email: str) -> None:
        """An address gets a few mails an hour and no more, whether there is an account or not.

        Of each kind: who asks for one that is not sent must not use up another.
        """
        await MAILS.count(self.limiter, f"{kind}:{key_of(email)}")

    async def _knows_network(self, account: str) -> bool:
        log_ins = select(Session.address).join(User, User.id == Session.user_id).distinct()
        async with self.database.read.begin() as session:
            earlier = await session.scalars(log_ins.where(User.email == account))
            return self.network in map(network_of, earlier)

    def _key(self, account: str) -> str:
        return f"{key_of(account)}:{self.network}"


def key_of(account: str) -> str:
    """Name an account by a digest with a key: what is typed there may be long, or a password."""
    key = AuthSettings.load().secrets[0].get_secret_value()
    return hmac.digest(key.encode(), account.encode(errors="replace"), "sha256").hex()


Throttle = Annotated[LogInThrottle, Depends(inline(LogInThrottle))]
