"""FastAPI-Users' manager, with this service's mails, secrets and hashing."""

import hashlib
import hmac
import secrets
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import BaseUserManager, UUIDIDMixin
from fastapi_users.password import PasswordHelperProtocol
from fastapi_users.schemas import BaseUserCreate
from pydantic import SecretStr
from sqlalchemy import delete

from app.audit.trail import record
from app.auth import messages
from app.auth.accounts import Accounts, AccountsDep
from app.auth.flows import RegistrationClosed
from app.auth.models import User
from app.auth.passwords import hash_password
from app.auth.settings import AuthSettings
from app.auth_fastapi_users.database import UserDatabase
from app.auth_fastapi_users.models import OAuthAccount


class Fingerprints(PasswordHelperProtocol):
    """What the library hashes besides passwords: stored hashes, to see whether one has changed.

    Passwords are hashed below, with Argon2 and in threads.
    """

    def hash(self, password: str) -> str:
        return hashlib.sha256(password.encode()).hexdigest()

    def verify_and_update(self, plain_password: str, hashed_password: str) -> tuple[bool, None]:
        return hmac.compare_digest(self.hash(plain_password), hashed_password), None

    def generate(self) -> str:
        """Stand in the place of a password for somebody who logs in elsewhere."""
        return secrets.token_urlsafe()


class UserManager(UUIDIDMixin, BaseUserManager[Any, UUID]):
    def __init__(self, accounts: Accounts) -> None:
        super().__init__(UserDatabase(accounts), Fingerprints())
        self.accounts = accounts
        settings = AuthSettings.load()
        self.use_secret(settings.secrets[0])
        self.verification_token_audience = f"{settings.audience}:verify"
        self.reset_password_token_audience = f"{settings.audience}:reset"
        lifetime = settings.link_hours * 3600
        self.verification_token_lifetime_seconds = lifetime
        self.reset_password_token_lifetime_seconds = lifetime

    def use_secret(self, secret: SecretStr) -> None:
        self.verification_token_secret = self.reset_password_token_secret = secret

    async def authenticate(self, credentials: OAuth2PasswordRequestForm) -> User | None:
        return await self.accounts.authenticate(credentials.username, credentials.password)

    async def create(
        self,
        user_create: BaseUserCreate,
        safe: bool = False,  # noqa: FBT001, FBT002  (the library's signature)
        request: Request | None = None,
    ) -> User:
        """Make an account with the address and the password, and nothing else that was sent."""
        del safe
        # Hashed also where the address is taken: both take as long.
        hashed = await hash_password(user_create.password)
        row = {"email": user_create.email, "hashed_password": hashed}
        user: User = await self.user_db.create(row)
        await self.on_after_register(user, request)
        return user

    async def on_after_register(self, user: User, request: Request | None = None) -> None:
        """Called with a request by the library's own routes, such as those of OAuth providers."""
        if request is None:
            return
        if not AuthSettings.load().registration:
            raise RegistrationClosed
        record(self.accounts.session, request, "registered", actor=user.id)

    async def on_after_request_verify(
        self, user: User, token: str, request: Request | None = None
    ) -> None:
        del request
        await self.accounts.post.now(messages.confirm_address(user.email, token))

    async def on_after_forgot_password(
        self, user: User, token: str, request: Request | None = None
    ) -> None:
        del request
        await self.accounts.post.now(messages.reset_password(user.email, token))

    async def on_after_reset_password(self, user: User, request: Request | None = None) -> None:
        """The link came through the mailbox: that is proof enough of the address."""
        del request
        if not user.is_verified:
            # Who linked them may have been somebody else, waiting for the owner to come.
            linked = delete(OAuthAccount).where(OAuthAccount.user_id == user.id)
            await self.accounts.session.execute(linked)
        await self.user_db.update(user, {"is_verified": True})

    async def _update(self, user: User, update_dict: dict[str, Any]) -> User:
        changes = dict(update_dict)
        if "password" in changes:
            changes["hashed_password"] = await hash_password(changes.pop("password"))
        changed: User = await super()._update(user, changes)
        return changed


async def get_user_manager(accounts: AccountsDep) -> UserManager:
    return UserManager(accounts)
