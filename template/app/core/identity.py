"""Who is asking. A log-in feature turns a request into a principal; all others ask here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a program, as far as the service needs to know it."""

    id: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()

    @property
    def is_anonymous(self) -> bool:
        return self.id == ANONYMOUS.id

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.roles


ANONYMOUS = Principal(id="anonymous")

Authenticate = Callable[[HTTPConnection], Awaitable[Principal]]
"""A log-in feature's lifespan yields one as `{"authenticate": ...}`.

It answers `ANONYMOUS` for a request without credentials and raises for bad ones.
"""


async def get_principal(connection: HTTPConnection) -> Principal:
    authenticate: Authenticate | None = getattr(connection.state, "authenticate", None)
    return ANONYMOUS if authenticate is None else await authenticate(connection)


CurrentPrincipal = Annotated[Principal, Depends(get_principal)]
