"""A worker: it opens all that the service opens, and so relays tasks, too."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import cast

from anyio.from_thread import start_blocking_portal
from prometheus_client import start_http_server

from app.commands.database import wait_for_database
from app.core.metrics import shared_registry
from app.main import app
from app.tasks.broker import Broker, RunNow
from app.tasks.runner import Runner
from app.tasks.settings import TaskSettings

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
OWN = "worker-metrics-"


def work(queues: Sequence[str] | None, concurrency: int | None, pool: str) -> None:
    """Work until told to stop.

    Raises:
        StartupError: there is no broker, or no database.
    """
    settings = TaskSettings.load()
    broker = Broker(settings)
    if settings.metrics_port and pool == "prefork" and FOLDER not in os.environ:
        share_metrics()
    # Here and not only in the processes: one clear line, and no restarts without end.
    asyncio.run(wait_for_database())
    try:
        broker.work(process, queues=queues, concurrency=concurrency, pool=pool, ready=show_metrics)
    finally:
        forget_metrics()


def share_metrics() -> None:
    """Begin anew, with a folder for the counts of several processes: it must be known at import."""
    os.environ[FOLDER] = tempfile.mkdtemp(prefix=OWN)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  (our own command)


def forget_metrics() -> None:
    folder = Path(os.environ.get(FOLDER, "."))
    if folder.name.startswith(OWN):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def process() -> Generator[RunNow]:
    """Open an event loop, and on it what the service has, once for all tasks of a process."""
    lifespan = app.router.lifespan_context(app)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(lifespan) as opened:
        runner = cast("dict[str, Runner]", opened)["runner"]
        yield partial(portal.call, runner.run)


def show_metrics(**_: object) -> None:
    port = TaskSettings.load().metrics_port
    if port is not None:
        start_http_server(port, registry=shared_registry())
