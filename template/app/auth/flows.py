"""What people do with their account, whatever way it is kept."""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import Depends
from sqlalchemy import ColumnElement

from app.audit.trail import Audit
from app.auth import messages
from app.auth.accounts import AccountsDep
from app.auth.emails import as_typed
from app.auth.models import Session, User
from app.auth.passwords import verify_password
from app.auth.schemas import Confirmation, PasswordChange, PasswordReset, Registration
from app.auth.sessions import InvalidGrant, Opened, Sessions
from app.auth.settings import AuthSettings
from app.auth.throttle import Throttle, key_of
from app.core.dependencies import inline
from app.core.identity import Principal
from app.core.problems import AppError, NotFound
from app.mail.mailer import PostDep


class RegistrationClosed(NotFound):
    detail = "Accounts are made by administrators here."


class WrongPassword(AppError):
    keeps_changes: ClassVar[bool] = True


@dataclass(frozen=True)
class AccountFlows:
    accounts: AccountsDep
    sessions: Sessions
    throttle: Throttle
    post: PostDep
    audit: Audit

    async def log_in(
        self, email: str, password: str, *, cookie: bool, scopes: list[str] | None = None
    ) -> Opened:
        """Open a log-in.

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

    # These end in a mail. None of them tells the client whether there is an account.

    async def register(self, data: Registration) -> None:
        if not AuthSettings.load().registration:
            raise RegistrationClosed
        await self.throttle.count_mail("register", data.email)
        user = await self.accounts.create(data.email, data.password.get_secret_value())
        if user is None:
            self.post.later(messages.account_exists(data.email))
        else:
            self.audit.record("registered", actor=user.id)
            self.post.tasks.add_task(self.accounts.send_verification, data.email)

    async def request_verification(self, email: str) -> None:
        await self.throttle.count_mail("verify", email)
        self.post.tasks.add_task(self.accounts.send_verification, email)

    async def forgot_password(self, email: str) -> None:
        await self.throttle.count_mail("reset", email)
        self.post.tasks.add_task(self.accounts.send_reset, email)

    # These change an account.

    async def verify(self, data: Confirmation) -> User:
        password = data.password.get_secret_value()
        async with self.sessions.session.begin_nested():
            user = await self.accounts.verify(data.token)
            # Who made it may be somebody else, waiting for the owner to open the link.
            right, _ = await verify_password(password, user.hashed_password)
            if not right:
                raise WrongPassword("The password is wrong. Set a new one if you do not know it.")
        self.audit.record("email.verified", actor=user.id)
        return user

    async def reset_password(self, data: PasswordReset) -> None:
        user = await self.accounts.reset_password(data.token, data.password.get_secret_value())
        self.audit.record("password.reset", actor=user.id)
        await self._end_log_ins(user)

    async def change_password(self, user: User, principal: Principal, data: PasswordChange) -> None:
        current = data.current_password.get_secret_value()
        await self.throttle.count(user.email)
        right, _ = await verify_password(current, user.hashed_password)
        if not right or not await self.sessions.still_counts(user):
            self.audit.record("password.wrong", actor=user.id)
            raise WrongPassword("The current password is wrong.")
        await self.accounts.set_password(user, data.password.get_secret_value())
        self.audit.record("password.changed", actor=user.id)
        await self._end_log_ins(user, Session.id != UUID(principal.session))

    async def _end_log_ins(self, user: User, *which: ColumnElement[bool]) -> None:
        await self.sessions.end(user.id, *which)
        self.post.later(messages.password_changed(user.email))


def obstacle(user: User) -> str | None:
    """Say why somebody may not log in, if anything."""
    if not user.is_active:
        return "locked"
    if AuthSettings.load().verified_only and not user.is_verified:
        return "not verified"
    return None


AccountFlow = Annotated[AccountFlows, Depends(inline(AccountFlows))]
