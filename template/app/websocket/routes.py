from typing import Annotated

from fastapi import APIRouter, Depends, WebSocket

from app.core.dependencies import inline
from app.core.requests import is_foreign
from app.core.settings import CorsSettings
from app.websocket.errors import ForeignPage
from app.websocket.socket import Socket

router = APIRouter()


async def refuse_foreign_pages(websocket: WebSocket) -> None:
    """Browsers let any page open a socket to anywhere, and send our cookies with it."""
    if is_foreign(websocket, CorsSettings.load().origins):
        raise ForeignPage("Pages must come from this site or one in CORS_ORIGINS.")


@router.websocket("/ws", dependencies=[Depends(refuse_foreign_pages)])
async def open_socket(socket: Annotated[Socket, Depends(inline(Socket))]) -> None:
    """Speak the protocol of `app/websocket/protocol.py`; /asyncapi.json describes it."""
    await socket.run()
