"""A service with something to listen to, and people who log in by their name."""

from starlette.requests import HTTPConnection

from app.core.database.engine import Database
from app.core.events import Event, Topic
from app.core.feature import Feature
from app.core.identity import ADMIN, USER, Authenticator, Permission, Principal, Unauthenticated
from app.realtime.feature import feature as realtime
from tests.support import Served

ROLES = {"root": frozenset({ADMIN}), "guest": frozenset[str]()}
LOCKED_OUT: set[str] = set()


async def by_name(connection: HTTPConnection, _: Database) -> Principal | None:
    name = connection.headers.get("authorization", "").removeprefix("Bearer ")
    if name.startswith("nobody") or name in LOCKED_OUT:
        raise Unauthenticated
    return Principal(name, ROLES.get(name, frozenset({USER})), session=name) if name else None


NOTES = Feature(
    name="notes",
    topics=[Topic("news"), Topic("notes", Permission("notes:read"), owned=True)],
    authenticators=[Authenticator("name", {"type": "http", "scheme": "bearer"}, by_name)],
)
OPEN_NOTES = Feature(name="notes", topics=NOTES.topics)
REALTIME = realtime


async def tell(served: Served, number: int, owner: str | None = None) -> None:
    """Publish to "news", or to the owner's "notes"."""
    topic = "news" if owner is None else "notes"
    await served.state["events"].publish(Event(topic, f"{topic}.told", {"number": number}, owner))
