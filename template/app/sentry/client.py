"""Sentry's client, open as long as the service runs."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import sentry_sdk
from anyio.to_thread import run_sync
from fastapi import FastAPI, WebSocketDisconnect
from sentry_sdk.integrations.argv import ArgvIntegration
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.integrations.sqlalchemy import SqlalchemyIntegration
from sentry_sdk.integrations.stdlib import StdlibIntegration
from sentry_sdk.types import DataCollectionUserOptions, Event, Hint
from starlette.requests import ClientDisconnect

from app.core.logging import mask_secrets
from app.core.problems import AppError
from app.core.project import project
from app.core.settings import AppSettings
from app.sentry.settings import SentrySettings

# What users send stays here; local variables hold it too.
PRIVATE: DataCollectionUserOptions = {
    "user_info": False,
    "cookies": {"mode": "off"},
    "http_headers": {"request": {"mode": "off"}},
    "http_bodies": [],
    "url_query_params": {"mode": "off"},
    "graphql": {"document": False, "variables": False},
    "gen_ai": {"inputs": False, "outputs": False},
    "database_query_data": False,
    "queues": False,
    "stack_frame_variables": False,
}


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Send what goes wrong from here on, and at the end what is not sent yet."""
    settings = SentrySettings.load()
    if not settings.dsn:
        yield
        return
    open_client(settings)
    try:
        yield
    finally:
        await run_sync(sentry_sdk.get_client().close)
        sentry_sdk.get_global_scope().set_client(None)


def open_client(settings: SentrySettings) -> None:
    # A collector of traces that is away is no error of this service.
    ignore_logger("opentelemetry.*")
    sentry_sdk.init(
        dsn=settings.dsn.get_secret_value(),
        environment=AppSettings.load().environment,
        release=f"{project().name}@{project().version}+{AppSettings.load().commit}",
        traces_sample_rate=settings.traces_sample_rate or None,
        data_collection=PRIVATE,
        before_send=mask,
        before_send_transaction=mask,
        # No header of ours goes to other services.
        trace_propagation_targets=[],
        # The last is Starlette's own, for a body that is too large.
        ignore_errors=[
            AppError,
            ClientDisconnect,
            WebSocketDisconnect,
            "_RequestBodyLimitResponseSent",
        ],
        # Named here, not found out: those for FastAPI and Starlette see no error behind the edge,
        # and those for command lines and HTTP libraries record arguments and query strings.
        auto_enabling_integrations=False,
        disabled_integrations=[ArgvIntegration, StdlibIntegration],
        integrations=[SqlalchemyIntegration()],
    )


def mask(event: Event, _: Hint) -> Event:
    return cast("Event", mask_secrets(None, "", cast("dict[str, object]", event)))
