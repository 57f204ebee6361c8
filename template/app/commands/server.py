"""Commands that answer requests."""

import asyncio
import os
import signal
import sys
import tempfile
from typing import Annotated, Any

import typer
import uvicorn
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from app.commands.database import migrate_to, wait_for_database
from app.commands.development import development_services
from app.core.settings import AppSettings, Settings

APPLICATION = "app.main:app"
# Seconds without a sign of life after which a worker is replaced. A busy machine takes more than
# Uvicorn's five to import the application, and would replace its workers without end.
WORKER_PATIENCE = 60

commands = typer.Typer()


class ServerSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="SERVER_")

    host: str = Field(default="127.0.0.1", description="0.0.0.0 answers other machines too.")
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, description="Processes.")
    trusted_proxies: str = Field(
        default="127.0.0.1", description="Addresses whose X-Forwarded-* headers are believed."
    )
    graceful_timeout: int = Field(default=30, ge=0, description="Seconds to finish, at the end.")


Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Number of processes.")]


@commands.command()
def dev(host: Host = None, port: Port = None) -> None:
    """Start for development: migrated, reloading, with nothing else installed."""
    with development_services():
        migrate_to("head")
        uvicorn.run(APPLICATION, reload=True, reload_dirs=["app"], **options(host, port))


@commands.command()
def serve(host: Host = None, port: Port = None, workers: Workers = None) -> None:
    """Start for production. Migrate before, with `app migrate`."""
    settings = ServerSettings.load()
    workers = workers or settings.workers
    # Uvicorn raises the signal again once it has finished: a stop that was asked for is no failure.
    signal.signal(signal.SIGTERM, end)
    # Waiting here and not only in the workers: one clear line, and no restarts without end.
    asyncio.run(wait_for_database())
    with tempfile.TemporaryDirectory(prefix="metrics-") as folder:
        if workers > 1:
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        uvicorn.run(
            APPLICATION,
            **options(host, port),
            workers=workers,
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_graceful_shutdown=settings.graceful_timeout,
            timeout_worker_healthcheck=WORKER_PATIENCE,
        )


def options(host: str | None, port: int | None) -> dict[str, Any]:
    """Return what the service is always started with."""
    return {
        "host": host or ServerSettings.load().host,
        "port": port or ServerSettings.load().port,
        "log_config": None,
        "server_header": False,
        "ws_max_size": AppSettings.load().max_body_bytes,
        # Each would be compressed anew for each socket: half as much work again, twice the memory.
        "ws_per_message_deflate": False,
    }


def end(*_: object) -> None:
    sys.exit(0)
