"""Make an account, confirm its address, get and change its password."""

from fastapi import APIRouter, Depends, status

from app.auth.accounts import InvalidLink
from app.auth.flows import AccountFlow, RegistrationClosed, WrongPassword
from app.auth.models import User
from app.auth.schemas import (
    Confirmation,
    EmailOnly,
    PasswordChange,
    PasswordReset,
    Registration,
    UserRead,
)
from app.auth.users import CurrentUser
from app.core.identity import FullyLoggedIn
from app.core.problems import responses
from app.core.ratelimit import RateLimit, TooManyRequests

router = APIRouter(
    prefix="/auth",
    tags=["auth"],
    dependencies=[Depends(RateLimit("account", "20/minute"))],
    responses=responses(TooManyRequests),
)
ACCEPTED = status.HTTP_202_ACCEPTED
DONE = status.HTTP_204_NO_CONTENT


@router.post("/register", status_code=ACCEPTED, responses=responses(RegistrationClosed))
async def register_account(flow: AccountFlow, data: Registration) -> None:
    """Make an account. The answer does not tell whether there is one already: a mail does."""
    await flow.register(data)


@router.post("/request-verify-token", status_code=ACCEPTED)
async def request_verify_token(flow: AccountFlow, data: EmailOnly) -> None:
    """Mail the link that confirms an address once more, if an account waits for it."""
    await flow.request_verification(data.email)


@router.post("/verify", response_model=UserRead, responses=responses(InvalidLink, WrongPassword))
async def verify_email(flow: AccountFlow, data: Confirmation) -> User:
    """Confirm an address, with the token of the link that was mailed to it, and the password."""
    return await flow.verify(data)


@router.post("/forgot-password", status_code=ACCEPTED)
async def forgot_password(flow: AccountFlow, data: EmailOnly) -> None:
    """Mail a link that sets a new password, if there is an account."""
    await flow.forgot_password(data.email)


@router.post("/reset-password", status_code=DONE, responses=responses(InvalidLink))
async def reset_password(flow: AccountFlow, data: PasswordReset) -> None:
    """Set a new password, with the token of the link that was mailed. Every log-in ends."""
    await flow.reset_password(data)


@router.post("/change-password", status_code=DONE, responses=responses(WrongPassword))
async def change_password(
    principal: FullyLoggedIn, user: CurrentUser, flow: AccountFlow, data: PasswordChange
) -> None:
    """Change your password. Every other log-in ends."""
    await flow.change_password(user, principal, data)
