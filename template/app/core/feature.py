"""What a feature adds to the service. A feature is a folder and a line in `app/features.py`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from typer import Typer

from app.core.events import Topic
from app.core.identity import Authenticator

Check = Callable[[HTTPConnection], Awaitable[None]]
"""Asks something the service depends on; raises when it does not answer well."""

Seed = Callable[[AsyncSession], Awaitable[int]]
"""Adds example rows, returns how many; running it twice adds nothing."""

DevelopmentService = Callable[[Path], AbstractContextManager[Mapping[str, str]]]
"""Starts a stand-in for a server while developing, keeping its data in the given folder.

Gives the environment variables that make the service use it: none where they are set already.
"""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One part of the service: most have only a router, which may have its own lifespan."""

    name: str
    router: APIRouter | None = None
    middleware: Sequence[Middleware] = ()
    authenticators: Sequence[Authenticator] = ()
    topics: Sequence[Topic] = ()
    checks: Mapping[str, Check] = field(default_factory=dict[str, Check])
    commands: Typer | None = None
    seed: Seed | None = None
    development: DevelopmentService | None = None


def load_features(*packages: str) -> list[Feature]:
    """Import `feature` from the module `feature` of each package."""
    return [import_module(f"{package}.feature").feature for package in packages]
