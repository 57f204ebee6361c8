"""Who may listen to what."""

from starlette.requests import HTTPConnection

from app.core.events import Topic
from app.core.identity import Principal, Requirement
from app.core.problems import NotFound


class TopicNotFound(NotFound):
    """No feature lists the topic."""


async def channel_for(connection: HTTPConnection, name: str, principal: Principal) -> str:
    """Return the channel that a principal hears when it listens to a topic.

    Raises:
        TopicNotFound: no feature lists it.
        Unauthenticated: nobody is logged in.
        Forbidden: somebody is, who may not listen.
    """
    topic: Topic | None = connection.app.state.topics.get(name)
    if topic is None:
        raise TopicNotFound(f"There is no topic {name[:64]!r}.")
    if topic.permission is not None:
        await Requirement(topic.permission)(connection, principal)
    if topic.owned and not principal.is_admin:
        return f"{topic.name}:{principal.id}"
    return topic.name
