"""Log a browser in; see and end log-ins."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from app.auth.cookies import CrossSiteRequest, SameSite, delete_cookie, set_cookie
from app.auth.login import LogIn
from app.auth.schemas import Credentials, SessionRead
from app.auth.sessions import InvalidGrant, Sessions
from app.core.identity import LoggedIn
from app.core.problems import NotFound, responses
from app.core.ratelimit import TooManyRequests

router = APIRouter(prefix="/auth", tags=["auth"])


class SessionNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("You have no log-in with this id.")


@router.post(
    "/cookie",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[SameSite],
    responses=responses(InvalidGrant, CrossSiteRequest, TooManyRequests),
)
async def create_cookie(data: Credentials, log_in: LogIn, response: Response) -> None:
    """Log a browser in: the answer sets a cookie."""
    opened = await log_in.open(data.email, data.password.get_secret_value(), cookie=True)
    set_cookie(response, opened.secret)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def log_out(principal: LoggedIn, sessions: Sessions, response: Response) -> None:
    """End this log-in."""
    await sessions.end(UUID(principal.id), UUID(principal.session))
    delete_cookie(response)


@router.post("/logout-everywhere", status_code=status.HTTP_204_NO_CONTENT)
async def log_out_everywhere(principal: LoggedIn, sessions: Sessions, response: Response) -> None:
    """End every log-in of yours, this one too."""
    await sessions.end_all(UUID(principal.id))
    delete_cookie(response)


@router.get("/sessions")
async def list_sessions(principal: LoggedIn, sessions: Sessions) -> list[SessionRead]:
    """List your log-ins, the one used last first."""
    found = [SessionRead.model_validate(one) for one in await sessions.all_of(UUID(principal.id))]
    return [
        one.model_copy(update={"is_current": str(one.id) == principal.session}) for one in found
    ]


@router.delete(
    "/sessions/{session_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(SessionNotFound),
)
async def end_session(principal: LoggedIn, session_id: UUID, sessions: Sessions) -> None:
    """End one of your log-ins, on a lost device for example."""
    if not await sessions.end(UUID(principal.id), session_id):
        raise SessionNotFound
