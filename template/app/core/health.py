"""Is the process alive, may it get requests, has it started: one route for each probe."""

import asyncio
from collections.abc import Iterable
from time import perf_counter
from typing import Literal

import structlog
from fastapi import APIRouter
from pydantic import BaseModel, Field
from pydantic_settings import SettingsConfigDict
from starlette.requests import HTTPConnection

from app.core.database.session import check_database
from app.core.feature import Check, Feature
from app.core.problems import Unavailable, responses
from app.core.project import project
from app.core.settings import AppSettings, Settings

log = structlog.get_logger()


class HealthSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="HEALTH_")

    timeout: float = Field(default=2, gt=0, description="Seconds that each check may take.")


class Build(BaseModel):
    status: Literal["ok"] = "ok"
    version: str = Field(default_factory=lambda: project().version)
    commit: str = Field(default_factory=lambda: AppSettings.load().commit)


class CheckResult(BaseModel):
    status: Literal["ok", "failed", "timeout"]
    duration_ms: float


class Readiness(Build):
    checks: dict[str, CheckResult]


class NotReady(Unavailable):
    def __init__(self, failed: Iterable[str], found: Readiness) -> None:
        members = found.model_dump(exclude={"status"})
        super().__init__(f"Not ready: {', '.join(failed)}.", members=members)


async def run_check(name: str, check: Check, connection: HTTPConnection) -> CheckResult:
    begin = perf_counter()
    status: Literal["ok", "failed", "timeout"] = "ok"
    try:
        async with asyncio.timeout(HealthSettings.load().timeout):
            await check(connection)
    except TimeoutError:
        status = "timeout"
    except Exception as error:  # noqa: BLE001  (whatever it is, the answer is "not ready")
        status = "failed"
        # The reason is for the log alone: the probe's answer can be read by strangers.
        log.warning("health check failed", check=name, reason=str(error))
    return CheckResult(status=status, duration_ms=round((perf_counter() - begin) * 1000, 2))


def health_router(features: Iterable[Feature]) -> APIRouter:
    router = APIRouter(prefix="/health", tags=["operations"])
    checks: dict[str, Check] = {"database": check_database}
    for feature in features:
        checks.update(feature.checks)
    started = False

    @router.get("/live")
    async def read_liveness() -> Build:
        """The process answers. It asks nothing else, so that a lost database restarts nobody."""
        return Build()

    @router.get("/ready", responses=responses(NotReady))
    async def read_readiness(connection: HTTPConnection) -> Readiness:
        """All that the service depends on answers, each within its own time-out."""
        results = await asyncio.gather(
            *(run_check(name, check, connection) for name, check in checks.items())
        )
        found = Readiness(checks=dict(zip(checks, results, strict=True)))
        if failed := [name for name, result in found.checks.items() if result.status != "ok"]:
            raise NotReady(failed, found)
        return found

    @router.get("/startup", responses=responses(NotReady))
    async def read_startup(connection: HTTPConnection) -> Build:
        """Ready at least once since the process began."""
        nonlocal started
        if not started:
            await read_readiness(connection)
            started = True
        return Build()

    return router
