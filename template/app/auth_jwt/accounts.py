"""Accounts kept by this service itself."""

import hashlib
import hmac
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.auth import messages, tokens
from app.auth.accounts import Accounts, InvalidLink
from app.auth.models import User
from app.auth.passwords import hash_password
from app.auth.settings import AuthSettings

VERIFY = "verify"
RESET = "reset"


class OwnAccounts(Accounts):
    async def create(self, email: str, password: str) -> User | None:
        # Hashed also where the address is taken: both take as long.
        user = User(email=email, hashed_password=await hash_password(password))
        try:
            async with self.session.begin_nested():
                self.session.add(user)
        except IntegrityError:
            return None
        return user

    async def send_verification(self, email: str) -> None:
        user = await self.find(email)
        if user is not None and user.is_active and not user.is_verified:
            await self.post.now(messages.confirm_address(user.email, link_token(VERIFY, user)))

    async def verify(self, token: str) -> User:
        user = await self._user_of(VERIFY, token)
        user.is_verified = True
        return user

    async def send_reset(self, email: str) -> None:
        user = await self.find(email)
        if user is not None and user.is_active:
            await self.post.now(messages.reset_password(user.email, link_token(RESET, user)))

    async def reset_password(self, token: str, password: str) -> User:
        hashed = await hash_password(password)
        user = await self._user_of(RESET, token)
        user.hashed_password = hashed
        # The link came through the mailbox: that is proof enough of the address.
        user.is_verified = True
        return user

    async def _user_of(self, purpose: str, token: str) -> User:
        """Find whose link it is, and lock the row: of two who use it at once, one is late."""
        try:
            claims = tokens.read(purpose, token)
        except tokens.InvalidToken as error:
            raise InvalidLink from error
        user = await self.session.get(User, UUID(claims["sub"]), with_for_update=True)
        if user is None or not user.is_active:
            raise InvalidLink
        if not hmac.compare_digest(claims["state"], state(purpose, user)):
            raise InvalidLink
        return user


def link_token(purpose: str, user: User) -> str:
    lifetime = timedelta(hours=AuthSettings.load().link_hours)
    return tokens.sign(purpose, str(user.id), lifetime, state=state(purpose, user))


def state(purpose: str, user: User) -> str:
    """What the link will change. Once it has, the link is used up, and so is every older one."""
    facts = user.hashed_password if purpose == RESET else f"{user.email} {user.is_verified}"
    return hashlib.sha256(facts.encode()).hexdigest()
