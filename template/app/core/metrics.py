"""Prometheus metrics, and `/metrics` to read them."""

import hmac
import os
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Histogram,
    generate_latest,
    multiprocess,
)
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from app.core.settings import AppSettings, Settings

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

REQUESTS = Histogram(
    "http_request_duration_seconds",
    "Time to answer a request, by route template.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


class MetricsSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="METRICS_")

    token: SecretStr | None = Field(
        default=None, description="Bearer token for /metrics; where deployed, none closes it."
    )


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    # A client may invent methods; a label must not grow with them.
    _request_child(method if method in METHODS else "OTHER", route, status).observe(seconds)


@cache
def _request_child(method: str, route: str, status: int) -> Histogram:
    return REQUESTS.labels(method, route, str(status))


async def require_metrics_token(authorization: Annotated[str, Header()] = "") -> None:
    """Refuse a wrong token; without one set, be open while developing and absent where deployed."""
    token = MetricsSettings.load().token
    if not token:
        if AppSettings.load().environment.deployed:
            raise HTTPException(404)
        return
    _, _, given = authorization.partition(" ")
    if not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


router = APIRouter()


@router.get("/metrics", dependencies=[Depends(require_metrics_token)], include_in_schema=False)
def read_metrics() -> Response:
    """Metrics of this machine's processes, for Prometheus."""
    return Response(generate_latest(shared_registry()), media_type=CONTENT_TYPE_LATEST)


def shared_registry() -> CollectorRegistry:
    """Return what this process counts; or all do that share a folder, such as `app serve` makes."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return REGISTRY
    forget_the_dead(Path(folder))
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def forget_the_dead(folder: Path) -> None:
    """Leave out what a worker that was killed has counted as its own, such as open connections."""
    if not Path("/proc/self").exists():
        return  # no Linux
    for file in folder.glob("gauge_live*.db"):
        if not Path("/proc", file.stem.rpartition("_")[2]).exists():
            file.unlink(missing_ok=True)
