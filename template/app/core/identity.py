"""Who is asking, and what they may. Log-in features tell; all others ask here."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.params import Depends as Dependency
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.requests import HTTPConnection

from app.core.database.engine import Database
from app.core.database.session import CurrentDatabase
from app.core.problems import AppError

ADMIN = "admin"
USER = "user"


@dataclass(frozen=True)
class Permission:
    """Something that not everybody may do. Administrators may do everything."""

    name: str
    roles: frozenset[str] = frozenset({USER})


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a program, as far as the service needs to know it.

    Args:
        scopes: names of permissions, where the credentials stand for no more than these.
        session: the log-in it comes from; None for a program with a key of its own.
    """

    id: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None
    session: str | None = None

    @property
    def is_anonymous(self) -> bool:
        return self.id == ANONYMOUS.id

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.roles

    def may(self, permission: Permission) -> bool:
        if self.scopes is not None and permission.name not in self.scopes:
            return False
        return self.is_admin or not self.roles.isdisjoint(permission.roles)


ANONYMOUS = Principal(id="anonymous")


@dataclass(frozen=True)
class Authenticator:
    """One way to log in.

    Args:
        name: of the security scheme in the OpenAPI document.
        scheme: that security scheme.
        authenticate: answers None for a request without credentials of this kind, and raises
            `Unauthenticated` for bad ones.
    """

    name: str
    scheme: Mapping[str, Any]
    authenticate: Callable[[HTTPConnection, Database], Awaitable[Principal | None]]


class Unauthenticated(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.UNAUTHORIZED
    detail = "Log in first."
    headers: Mapping[str, str] | None = {"WWW-Authenticate": "Bearer"}


class Forbidden(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN


async def get_principal(connection: HTTPConnection, database: CurrentDatabase) -> Principal:
    for authenticator in authenticators(connection.app):
        principal = await authenticator.authenticate(connection, database)
        if principal is not None:
            return principal
    return ANONYMOUS


CurrentPrincipal = Annotated[Principal, Depends(get_principal)]


def requires(permission: Permission) -> Dependency:
    """Let only those pass who may: `dependencies=[requires(WRITE)]` of a route or a router."""
    return Dependency(Requirement(permission))


@dataclass(frozen=True)
class Requirement:
    permission: Permission

    async def __call__(self, connection: HTTPConnection, principal: CurrentPrincipal) -> None:
        """Check it, where there is a way to log in: without one the service is open to all.

        Raises:
            Unauthenticated: nobody is logged in.
            Forbidden: somebody is, who may not.
        """
        if not authenticators(connection.app):
            return
        if principal.is_anonymous:
            raise Unauthenticated
        if not principal.may(self.permission):
            raise Forbidden(f"This needs the permission {self.permission.name}.")


async def require_log_in(principal: CurrentPrincipal) -> Principal:
    """Let only people pass who have logged in themselves: a key cannot make keys."""
    if principal.is_anonymous:
        raise Unauthenticated
    if principal.session is None:
        raise Forbidden("This needs a log-in, a key is not enough.")
    return principal


LoggedIn = Annotated[Principal, Depends(require_log_in)]


async def require_full_log_in(principal: LoggedIn) -> Principal:
    """Let only people pass whose log-in is not for less: it could be made into one for more."""
    if principal.scopes is not None:
        raise Forbidden("This needs a log-in with all your permissions.")
    return principal


FullyLoggedIn = Annotated[Principal, Depends(require_full_log_in)]


def authenticators(app: FastAPI) -> Sequence[Authenticator]:
    ways: Sequence[Authenticator] = app.state.authenticators
    return ways


def needs_log_in(route: RouteContext) -> bool:
    return bool(required_permissions(route)) or require_log_in in calls(route)


def required_permissions(route: RouteContext) -> list[Permission]:
    return [call.permission for call in calls(route) if isinstance(call, Requirement)]


def known_permissions(app: FastAPI) -> dict[str, Permission]:
    """Return every permission that some route requires, by name."""
    routes = iter_route_contexts(app.routes)
    return {found.name: found for route in routes for found in required_permissions(route)}


def calls(route: RouteContext) -> Iterator[object]:
    """Give all that a route depends on."""
    top: Dependant | None = getattr(route, "dependant", None)
    waiting = [] if top is None else [top]
    while waiting:
        dependant = waiting.pop()
        yield dependant.call
        waiting += dependant.dependencies
