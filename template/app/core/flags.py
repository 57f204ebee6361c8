"""Feature flags: code that is deployed but not yet for everyone."""

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.core.dependencies import inline
from app.core.identity import CurrentPrincipal
from app.core.problems import NotFound
from app.core.settings import FlagSettings


@dataclass(frozen=True)
class Flags:
    """The flags as one principal sees them. A flag that no setting names is off."""

    principal: CurrentPrincipal

    def is_on(self, flag: str) -> bool:
        value = FlagSettings.load().flags.get(flag, False)
        return value if isinstance(value, bool) else self._bucket(flag) < value

    def _bucket(self, flag: str) -> int:
        # A hash of both, so that one principal keeps its answer and each flag picks other people.
        digest = hashlib.sha256(f"{flag}:{self.principal.id}".encode()).digest()
        return int.from_bytes(digest[:4]) % 100


CurrentFlags = Annotated[Flags, Depends(inline(Flags))]


class FlagIsOff(NotFound):
    detail = "There is nothing here."


@dataclass(frozen=True)
class RequireFlag:
    """A route's dependency: without the flag, the route does not exist."""

    flag: str

    async def __call__(self, flags: CurrentFlags) -> None:
        if not flags.is_on(self.flag):
            raise FlagIsOff
