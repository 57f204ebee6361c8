from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from app.core.identity import Forbidden, Unauthenticated
from app.core.problems import responses
from app.realtime.access import TopicNotFound
from app.realtime.connections import Full, TooManyConnections
from app.sse.stream import CurrentListener, events

# Neither caches nor nginx may hold back what comes bit by bit.
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """Server-sent events that are written already.

    FastAPI's own response writes each event anew for each listener and passes it through two more
    queues, which takes several times as long.
    """

    media_type = "text/event-stream"


router = APIRouter(prefix="/events", tags=["realtime"])

REFUSALS = responses(TopicNotFound, Unauthenticated, Forbidden, TooManyConnections, Full)


@router.get("", response_class=EventStream, responses=REFUSALS)
async def follow_events(listener: CurrentListener) -> EventStream:
    """Follow what happens in some topics, as server-sent events.

    `ready` comes first, and `reset` where events may have been missed: then read again what you
    show. Connect again with `Last-Event-ID`, as browsers do, and nothing is lost or repeated.
    """
    return EventStream(events(listener), headers=HEADERS)
