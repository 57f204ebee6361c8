"""Text in and out of one socket."""

import asyncio
from contextlib import suppress
from functools import lru_cache

import orjson
from pydantic import BaseModel, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.realtime.messages import Message
from app.websocket.codes import CloseCode, Closing
from app.websocket.errors import InvalidMessage
from app.websocket.protocol import ClientMessage, client_message
from app.websocket.settings import WebSocketSettings

MOST_MISTAKES = 20


class Connection:
    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._settings = WebSocketSettings.load()
        self._mistakes = 0

    async def receive(self) -> ClientMessage:
        """Wait for a message.

        Raises:
            InvalidMessage: it is not one of the protocol; the next one may be.
            Closing: it is none that could be answered.
            WebSocketDisconnect: the client has left.
        """
        received = await self._websocket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received["code"])
        text: str | None = received.get("text")
        if text is None:
            raise Closing(CloseCode.NOT_TEXT)
        if len(text.encode(errors="replace")) > self._settings.max_message_bytes:
            raise Closing(CloseCode.TOO_LARGE)
        try:
            return client_message.validate_json(text)
        except ValidationError as error:
            self._mistakes += 1
            if self._mistakes > MOST_MISTAKES:
                raise Closing(CloseCode.MISBEHAVED) from error
            raise InvalidMessage(explanation(error)) from error

    async def send(self, message: BaseModel | Message) -> None:
        """Send a message.

        Raises:
            Closing: the client does not take what is sent.
            WebSocketDisconnect: it has left.
        """
        told = as_text(message) if isinstance(message, Message) else message.model_dump_json()
        try:
            async with asyncio.timeout(self._settings.send_seconds):
                await self._websocket.send_text(told)
        except TimeoutError as error:
            raise Closing(CloseCode.TOO_SLOW) from error

    async def close(self, code: CloseCode) -> None:
        # It may have been closed meanwhile, or stand still.
        with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(self._settings.send_seconds):
                await self._websocket.close(code, code.reason)


@lru_cache(1024)
def as_text(message: Message) -> str:
    """Write an event as a `Told`, once for all who listen."""
    told = {
        "type": "event",
        "topic": message.topic,
        "id": str(message.place),
        "name": message.name,
        "data": orjson.Fragment(message.data),
    }
    return orjson.dumps(told).decode()


def explanation(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    where = "/".join(str(part) for part in found[0]["loc"])
    return f"{where}: {found[0]['msg']}" if where else found[0]["msg"]
