"""`app tasks …`: workers, the beat, and what is to be done about dead tasks."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import Annotated, Literal
from uuid import UUID

import typer
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.commands.development import development_services
from app.commands.transaction import in_transaction
from app.core.database.engine import open_database
from app.core.database.models import now
from app.core.logging import configure_logging
from app.core.settings import StartupError
from app.tasks.beat import beat
from app.tasks.broker import Broker
from app.tasks.models import Task, TaskState
from app.tasks.settings import TaskSettings

commands = typer.Typer(no_args_is_help=True, help="Background tasks.")


Pool = Literal["prefork", "solo"]
# Elsewhere, Celery begins its processes anew, and they would know of no task.
POOL: Pool = "prefork" if sys.platform == "linux" else "solo"

Queue = Annotated[list[str] | None, typer.Option(help="Take from it; may be repeated.")]
Concurrency = Annotated[int | None, typer.Option(min=1, help="Processes; unset: as many as CPUs.")]
PoolOption = Annotated[Pool, typer.Option(help="solo: one task at a time, in this process.")]
Seconds = Annotated[float, typer.Option(help="How long to wait.")]
Ids = Annotated[list[UUID] | None, typer.Argument(metavar="ID...")]
All = Annotated[bool, typer.Option("--all", help="All that are dead.")]


@commands.command()
def worker(queue: Queue = None, concurrency: Concurrency = None, pool: PoolOption = POOL) -> None:
    """Run the tasks that a broker carries. SIGTERM ends it once what has begun is finished."""
    with development_services():
        # Imported late: it needs all features, and this is one.
        work = import_module("app.tasks.worker").work
        work(queue, concurrency, pool)


@commands.command("beat")
def run_beat() -> None:
    """Enqueue what recurs. One is enough, and more do no harm."""
    configure_logging()
    signal.signal(signal.SIGTERM, leave)
    with development_services():
        asyncio.run(beat_alone())


@commands.command()
def ping(timeout: Seconds = 5) -> None:
    """Exit with 0 if a worker on this machine answers, for probes; with 1 if none does."""
    Broker(TaskSettings.load()).ping(timeout)
    typer.echo("A worker answers.")


@commands.command()
def dead() -> None:
    """List the tasks that failed for good."""
    for task in in_transaction(dead_tasks):
        error = task.error or {}
        reason = f"{error.get('title')}: {error.get('detail') or error.get('request_id')}"
        typer.echo(f"{task.id}  {task.finished_at:%Y-%m-%dT%H:%M:%SZ}  {task.name}  {reason}")


@commands.command()
def requeue(ids: Ids = None, every: All = False) -> None:  # noqa: FBT002  (an option, by name)
    """Have dead tasks run again, with all their attempts."""
    if bool(ids) == every:
        raise StartupError("Name tasks by their ids, or all with --all.")
    typer.echo(f"{in_transaction(partial(revive, ids=ids))} enqueued")


def leave(*_: object) -> None:
    sys.exit(0)


async def beat_alone() -> None:
    async with open_database() as database:
        await beat(database)


async def dead_tasks(session: AsyncSession) -> Sequence[Task]:
    failed = select(Task).where(Task.state == TaskState.FAILED).order_by(Task.finished_at)
    return (await session.scalars(failed)).all()


async def revive(session: AsyncSession, ids: list[UUID] | None) -> int:
    moment = now()
    statement = update(Task).where(Task.state == TaskState.FAILED)
    if ids:
        statement = statement.where(Task.id.in_(ids))
    revived = await session.scalars(
        statement.values(
            state=TaskState.WAITING,
            attempts=0,
            error=None,
            run_at=moment,
            due_at=moment,
            finished_at=None,
        ).returning(Task.id)
    )
    return len(revived.all())
