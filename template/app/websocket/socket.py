"""What the client of one socket asks for, and the topics that it listens to."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from time import perf_counter
from typing import cast

import structlog
from pydantic import SecretStr
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.core.database.session import CurrentDatabase
from app.core.identity import CurrentPrincipal, Principal, Unauthenticated, get_principal
from app.core.problems import AppError, problem_of
from app.core.ratelimit import caller
from app.realtime.access import channel_for
from app.realtime.hub import CurrentHub
from app.realtime.listeners import Ended
from app.realtime.messages import Reset
from app.realtime.visits import reason_to_end
from app.websocket.codes import CODES, CloseCode, Closing
from app.websocket.connection import Connection
from app.websocket.errors import AlreadySubscribed, NotSubscribed, TooLate
from app.websocket.protocol import (
    Authenticate,
    Failed,
    Pong,
    Ready,
    ResetTopic,
    Subscribe,
    Subscribed,
    Unsubscribe,
    Unsubscribed,
)
from app.websocket.settings import WebSocketSettings

log = structlog.get_logger()


@dataclass
class Socket:
    """Serves one client."""

    websocket: WebSocket
    hub: CurrentHub
    database: CurrentDatabase
    principal: CurrentPrincipal

    def __post_init__(self) -> None:
        self._connection = Connection(self.websocket)
        self._subscriptions: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Serve until the client leaves, or may not stay; what is refused is a problem document."""
        self._admission = self._admit(self.principal)
        begin = perf_counter()
        code: int = 1000
        try:
            await self.websocket.accept()
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._await_log_in())
                self._watching = self._tasks.create_task(self._watch(self.websocket))
                await self._serve()
        except* WebSocketDisconnect as gone:
            code = cast("WebSocketDisconnect", gone.exceptions[0]).code
        except* Closing as closing:
            code = cast("Closing", closing.exceptions[0]).code
            await self._connection.close(code)
        finally:
            self._admission.close()
        seconds = round(perf_counter() - begin, 1)
        log.info("socket closed", code=int(code), seconds=seconds, principal=self.principal.id)

    def _admit(self, principal: Principal) -> ExitStack:
        client = caller(self.websocket, principal)
        return self.hub.connections.admit("websocket", client)

    async def _serve(self) -> None:
        await self._connection.send(Ready(principal=self.principal.id))
        while True:
            try:
                await self._handle()
            except AppError as error:
                await self._connection.send(Failed(problem=problem_of(error)))
            # Else a client with many messages at hand would not let anybody else have a turn.
            await asyncio.sleep(0)

    async def _handle(self) -> None:
        match await self._connection.receive():
            case Authenticate(token=token):
                await self._log_in(token)
            case Subscribe(topic=topic, after=after):
                await self._subscribe(topic, after)
            case Unsubscribe(topic=topic):
                await self._unsubscribe(topic)
            case _:
                await self._connection.send(Pong())

    async def _log_in(self, token: SecretStr) -> None:
        if self._subscriptions or not self.principal.is_anonymous:
            raise TooLate("Log in once, and before the first subscription.")
        connection = with_token(self.websocket, token)
        try:
            principal = await get_principal(connection, self.database)
        except Unauthenticated as error:
            # Once: who guesses has to connect again for each guess.
            raise Closing(CloseCode.LOGGED_OUT) from error
        before, self._admission = self._admission, self._admit(principal)
        before.close()
        self.principal = principal
        self._watching.cancel()
        self._watching = self._tasks.create_task(self._watch(connection))
        await self._connection.send(Ready(principal=principal.id))

    async def _subscribe(self, topic: str, after: str | None) -> None:
        if topic in self._subscriptions:
            raise AlreadySubscribed("This socket listens to the topic already.")
        channel = await channel_for(self.websocket, topic, self.principal)
        task = self._tasks.create_task(self._follow(topic, channel, after))
        self._subscriptions[topic] = task

    async def _unsubscribe(self, topic: str) -> None:
        if topic not in self._subscriptions:
            raise NotSubscribed("This socket does not listen to the topic.")
        self._subscriptions.pop(topic).cancel()
        await self._connection.send(Unsubscribed(topic=topic))

    async def _follow(self, topic: str, channel: str, after: str | None) -> None:
        """Pass on what a topic has to tell, until cancelled."""
        try:
            with self.hub.listen([channel], after) as listener:
                await self._connection.send(Subscribed(topic=topic, id=str(listener.place)))
                while True:
                    # One at a time: who turns out to be slow is not sent the rest.
                    [message] = await listener.next(most=1)
                    if isinstance(message, Reset):
                        reset = ResetTopic(topic=topic, id=str(message.place))
                        await self._connection.send(reset)
                    else:
                        await self._connection.send(message)
        except Ended as end:
            raise Closing(CODES[end.reason]) from end
        except AppError as error:
            del self._subscriptions[topic]
            await self._connection.send(Failed(problem=problem_of(error)))

    async def _await_log_in(self) -> None:
        await asyncio.sleep(WebSocketSettings.load().login_seconds)
        if self.principal.is_anonymous and not self._subscriptions:
            raise Closing(CloseCode.NOT_LOGGED_IN)

    async def _watch(self, connection: HTTPConnection) -> None:
        raise Closing(CODES[await reason_to_end(connection, self.database, self.principal)])


def with_token(websocket: WebSocket, token: SecretStr) -> HTTPConnection:
    """Return the connection as it would be, had its handshake carried the token."""
    others = [field for field in websocket.scope["headers"] if field[0] != b"authorization"]
    header = (b"authorization", f"Bearer {token.get_secret_value()}".encode())
    return HTTPConnection({**websocket.scope, "headers": [*others, header]})
