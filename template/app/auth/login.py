"""From an address and a password to a log-in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.audit.trail import Audit
from app.auth.accounts import AccountsDep
from app.auth.emails import as_typed
from app.auth.models import User
from app.auth.sessions import InvalidGrant, Opened, Sessions
from app.auth.settings import AuthSettings
from app.auth.throttle import Throttle, key_of
from app.core.dependencies import inline


@dataclass(frozen=True)
class LogInService:
    accounts: AccountsDep
    sessions: Sessions
    throttle: Throttle
    audit: Audit

    async def open(
        self, email: str, password: str, *, cookie: bool, scopes: Sequence[str] | None = None
    ) -> Opened:
        """Log in.

        Raises:
            InvalidGrant: it is the wrong password, or an account that is not there, locked, or
                not confirmed. The answer is the same, and takes as long.
            TooManyRequests: there were too many tries.
        """
        email = as_typed(email)
        await self.throttle.count(email)
        user = await self.accounts.authenticate(email, password)
        why = user and obstacle(user)
        if user is None or why or not await self.sessions.still_counts(user):
            # The address may be a password in the wrong field: its digest is enough to count.
            facts = {"subject": user and user.id, "account": key_of(email)[:16]}
            self.audit.record("login.failed", **facts, why=why or "credentials")
            raise InvalidGrant("The e-mail address or the password is wrong.")
        await self.throttle.forget(email)
        return await self.sessions.open(user, cookie=cookie, scopes=scopes)


LogIn = Annotated[LogInService, Depends(inline(LogInService))]


def obstacle(user: User) -> str | None:
    if not user.is_active:
        return "locked"
    if AuthSettings.load().verified_only and not user.is_verified:
        return "not verified"
    return None
