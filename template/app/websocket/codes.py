"""Why a socket was closed (RFC 6455, section 7.4); 4000 and above are this service's own."""

from enum import IntEnum
from typing import Self

from app.realtime.listeners import Reason


class CloseCode(IntEnum):
    reason: str

    def __new__(cls, value: int, reason: str) -> Self:
        code = int.__new__(cls, value)
        code._value_ = value
        code.reason = reason
        return code

    NOT_TEXT = 1003, "Only text is understood."
    MISBEHAVED = 1008, "Too many messages could not be understood."
    TOO_LARGE = 1009, "The message is too large."
    RESTARTS = 1012, "The service restarts: connect again."
    TOO_SLOW = 1013, "You read too slowly: connect again, and subscribe with after."
    EXPIRED = 4000, "The connection is old: connect again, and subscribe with after."
    LOGGED_OUT = 4401, "The log-in does not count, or not any more."
    NOT_LOGGED_IN = 4408, "Nobody has logged in or subscribed in time."


CODES: dict[Reason, CloseCode] = {
    "slow": CloseCode.TOO_SLOW,
    "stopping": CloseCode.RESTARTS,
    "expired": CloseCode.EXPIRED,
    "logged out": CloseCode.LOGGED_OUT,
}


class Closing(Exception):
    """The socket is to be closed with a code."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.reason)
        self.code = code
