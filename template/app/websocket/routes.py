from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated

from fastapi import APIRouter, Depends, WebSocket

from app.core.database.session import CurrentDatabase
from app.core.identity import CurrentPrincipal
from app.core.ratelimit import caller
from app.core.requests import is_foreign
from app.core.settings import CorsSettings
from app.realtime.hub import CurrentHub
from app.websocket.errors import ForeignPage
from app.websocket.socket import Socket

router = APIRouter()


async def refuse_foreign_pages(websocket: WebSocket) -> None:
    """Browsers let any page open a socket to anywhere, and send our cookies with it."""
    if is_foreign(websocket, CorsSettings.load().origins):
        raise ForeignPage


async def admit(
    websocket: WebSocket, hub: CurrentHub, principal: CurrentPrincipal
) -> AsyncIterator[ExitStack]:
    """Count the connection as long as it is open; what is refused is a problem document."""
    with ExitStack() as admission:
        client = caller(websocket, principal)
        admission.enter_context(hub.connections.admit("websocket", client))
        yield admission


@router.websocket("/ws", dependencies=[Depends(refuse_foreign_pages)])
async def open_socket(
    websocket: WebSocket,
    hub: CurrentHub,
    database: CurrentDatabase,
    principal: CurrentPrincipal,
    admission: Annotated[ExitStack, Depends(admit)],
) -> None:
    """Speak the protocol of `app/websocket/protocol.py`; /asyncapi.json describes it."""
    await websocket.accept()
    await Socket(websocket, hub, database, principal, admission).run()
