"""The messages of the socket: JSON objects, told apart by `type`."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr, TypeAdapter

from app.core.problems import Problem
from app.core.schemas import Input

TopicName = Annotated[str, Field(max_length=64, examples=["items"])]
Id = Annotated[str, Field(max_length=64, examples=["1f0c9a7e.1792000000000-0"])]


class Authenticate(Input):
    """Log in, before anything else: browsers can send no header with the handshake."""

    type: Literal["authenticate"]
    token: SecretStr = Field(max_length=4096, description="An access token.")


class Subscribe(Input):
    """Listen to a topic; with `after`, from the event with this id on."""

    type: Literal["subscribe"]
    topic: TopicName
    after: Id | None = None


class Unsubscribe(Input):
    type: Literal["unsubscribe"]
    topic: TopicName


class Ping(Input):
    """Ask for a sign of life. The server sends pings of the protocol, too."""

    type: Literal["ping"]


ClientMessage = Authenticate | Subscribe | Unsubscribe | Ping
client_message: TypeAdapter[ClientMessage] = TypeAdapter(
    Annotated[ClientMessage, Field(discriminator="type")]
)


class Ready(BaseModel):
    """The first message, and the answer to `authenticate`: who is listening."""

    type: Literal["ready"] = "ready"
    principal: str = Field(examples=["anonymous"])


class Subscribed(BaseModel):
    """From now on `event`s of this topic follow; `id` is where it begins."""

    type: Literal["subscribed"] = "subscribed"
    topic: TopicName
    id: Id


class Unsubscribed(BaseModel):
    type: Literal["unsubscribed"] = "unsubscribed"
    topic: TopicName


class Told(BaseModel):
    """Something has happened. `data` is null where it was too large: then read it."""

    type: Literal["event"] = "event"
    topic: TopicName
    id: Id
    name: str = Field(examples=["item.updated"])
    data: dict[str, Any] | None


class ResetTopic(BaseModel):
    """Events of this topic may have been missed: read again what you show."""

    type: Literal["reset"] = "reset"
    topic: TopicName
    id: Id


class Failed(BaseModel):
    """A message could not be followed; the socket stays open."""

    type: Literal["error"] = "error"
    problem: Problem


class Pong(BaseModel):
    type: Literal["pong"] = "pong"


ServerMessage = Ready | Subscribed | Unsubscribed | Told | ResetTopic | Failed | Pong
