"""What logs, metrics and traces say of a request."""

import re
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network
from random import getrandbits

from starlette.requests import HTTPConnection
from starlette.routing import Mount
from starlette.types import Scope

REQUEST_ID_HEADER = b"x-request-id"
VALID_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
QUIET_PATHS = ("/health/", "/metrics")


def request_id_of(scope: Scope) -> str:
    """Return the caller's id if it is one that may be logged, else a new one."""
    for name, value in scope["headers"]:
        if name == REQUEST_ID_HEADER:
            given: str = value.decode("latin-1")
            if VALID_REQUEST_ID.fullmatch(given):
                return given
    # It has to be unlike others, not hard to guess: asking the system for bytes takes ten times as
    # long.
    return f"{getrandbits(128):032x}"


def client_address(connection: HTTPConnection) -> str:
    """Return where it comes from: behind a proxy that SERVER_TRUSTED_PROXIES names, from beyond."""
    return as_text(connection.client.host, 64) if connection.client else "unknown"


def client_network(connection: HTTPConnection) -> str:
    """Return what one client has to itself: of IPv6, a network with any number of addresses."""
    return network_of(client_address(connection))


def network_of(address: str) -> str:
    with suppress(ValueError):
        if isinstance(ip := ip_address(address), IPv6Address):
            return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))
    return address


def is_foreign(connection: HTTPConnection, allowed: Sequence[str]) -> bool:
    """Whether a page of another site sent it; programs that are no browsers name no origin.

    Args:
        allowed: other origins whose pages count as ours; "*" allows all.
    """
    origin = connection.headers.get("origin")
    if origin is None or origin in allowed or "*" in allowed:
        return False
    return origin.partition("://")[2] != connection.headers.get("host")


def user_agent(connection: HTTPConnection) -> str:
    """Return what the client calls itself, as far as it can be stored and shown."""
    return as_text(connection.headers.get("user-agent", ""), 200)


def as_text(given: str, length: int) -> str:
    short = given[:length]
    return "".join(character if character.isprintable() else "?" for character in short)


def is_quiet(scope: Scope) -> bool:
    """Whether it is a probe's or a scraper's request, which nobody wants to read about."""
    return str(scope["path"]).startswith(QUIET_PATHS)


def route_template(scope: Scope) -> str:
    """Return the path as it was declared, so that a label never grows with ids."""
    # FastAPI keeps a route's full path here; `scope["route"]` lacks the prefixes of routers.
    context = scope.get("fastapi", {}).get("effective_route_context")
    if context is None:
        return getattr(scope.get("route"), "path", "unmatched")
    if context.path:
        return str(context.path)
    below = getattr(scope.get("route"), "path", "")
    mount = context.original_route
    # A mount has a path, and so have the routes of what is mounted; a socket's route has it whole.
    return f"{mount.path}{below}" if isinstance(mount, Mount) else below
