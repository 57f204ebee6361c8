"""Why a socket was closed (RFC 6455, section 7.4); 4000 and above are this service's own."""

from enum import IntEnum

from app.realtime.listeners import Reason


class CloseCode(IntEnum):
    NOT_TEXT = 1003
    MISBEHAVED = 1008
    TOO_LARGE = 1009
    RESTARTS = 1012
    TOO_SLOW = 1013
    EXPIRED = 4000
    LOGGED_OUT = 4401
    NOT_LOGGED_IN = 4408

    @property
    def reason(self) -> str:
        return REASONS[self]


REASONS = {
    CloseCode.NOT_TEXT: "Only text is understood.",
    CloseCode.MISBEHAVED: "Too many messages could not be understood.",
    CloseCode.TOO_LARGE: "The message is too large.",
    CloseCode.RESTARTS: "The service restarts: connect again.",
    CloseCode.TOO_SLOW: "You read too slowly: connect again, and subscribe with after.",
    CloseCode.EXPIRED: "The connection is old: connect again, and subscribe with after.",
    CloseCode.LOGGED_OUT: "The log-in does not count, or not any more.",
    CloseCode.NOT_LOGGED_IN: "Nobody has logged in or subscribed in time.",
}

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
