"""Celery, as far as the service uses it: to carry messages, and to keep worker processes.

Celery has no types, so all that is asked of it is asked here.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from os import getpid
from socket import gethostname
from typing import Any
from uuid import UUID

from anyio.to_thread import run_sync
from celery import Celery, signals  # type: ignore[import-untyped]
from celery.exceptions import OperationalError  # type: ignore[import-untyped]
from kombu.transport.virtual.base import QoS

from app.core.settings import StartupError
from app.tasks.claims import PATIENCE
from app.tasks.declarations import KINDS
from app.tasks.models import Task
from app.tasks.settings import TaskSettings

RUN = "run"
GRACE = PATIENCE + 10.0
"""Seconds, besides its time limit, until a process that does not end a task is killed."""

# Also of brokers that are away without a word, one hears within seconds.
TRANSPORT = {
    "socket_connect_timeout": 5,
    "socket_timeout": 15,
    "socket_keepalive": True,
    # Trying again is for the relay, and for workers, which have patience of their own.
    "max_retries": 1,
    "interval_start": 0,
    # RabbitMQ says that it has a message; without this, only that the network took it.
    "confirm_publish": True,
}


RunNow = Callable[[UUID], None]
Process = Callable[[], AbstractContextManager[RunNow]]


def leave_logging(**_: object) -> None:
    """Keep the service's own; of what Celery tells of each task, only what went wrong."""
    for name in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).setLevel(logging.WARNING)


def forgive_restoring() -> None:
    """Let a worker live on that loses its Redis.

    Kombu wants to put back what was not acknowledged over the connection that it has just closed,
    and ends the worker when that fails. The relay sends it again in any case.
    """
    qos: Any = QoS
    restore: Callable[..., None] = qos.restore_unacked_once

    def restore_if_connected(*args: Any) -> None:  # noqa: ANN401  (passed on as they are)
        with suppress(AttributeError):
            restore(*args)

    qos.restore_unacked_once = restore_if_connected


def checked(url: str) -> str:
    """Have the broker's certificate checked: with `rediss`, Kombu does so only when told to."""
    parts = url.split(";")  # several, for fail-over
    for number, part in enumerate(parts):
        if part.startswith("rediss:") and "ssl_cert_reqs" not in part:
            parts[number] += f"{'&' if '?' in part else '?'}ssl_cert_reqs=CERT_REQUIRED"
    return ";".join(parts)


class Broker:
    def __init__(self, settings: TaskSettings) -> None:
        if not settings.has_broker:
            raise StartupError("Set TASKS_BROKER_URL: without a broker, the API runs the tasks.")
        self._namespace = settings.namespace
        self._celery: Any = Celery(broker=checked(settings.broker_url), set_as_current=False)
        self._celery.conf.update(
            accept_content=["json"],
            # Such as a queue that RabbitMQ still holds for a connection that was cut off.
            broker_channel_error_retry=True,
            broker_connection_max_retries=None,
            broker_connection_retry_on_startup=True,
            broker_transport_options=TRANSPORT,
            # Without a name, it would take any certificate for the broker's; this is its own.
            broker_use_ssl={"server_hostname": None}
            if settings.broker_url.startswith("amqps:")
            else False,
            control_exchange=f"{settings.namespace}.control",
            task_acks_late=True,
            # Once more and no more: the relay has the patience.
            task_publish_retry_policy={"max_retries": 1, "interval_start": 0},
            task_reject_on_worker_lost=True,
            # What runs when the connection is lost goes on: its message comes again, for nothing.
            worker_cancel_long_running_tasks_on_connection_loss=False,
            worker_prefetch_multiplier=1,
            worker_proc_alive_timeout=60,
            worker_redirect_stdouts=False,
        )

    async def send(self, tasks: Sequence[Task]) -> None:
        await run_sync(self._publish, tasks)

    def close(self) -> None:
        self._celery.close()

    def ping(self, seconds: float) -> None:
        """Wait for an answer of a worker on this machine.

        Raises:
            StartupError: the broker does not answer, or none does in time.
        """
        here = {"pattern": f"*@{gethostname()}", "matcher": "glob"}
        try:
            answers = self._celery.control.ping(timeout=seconds, limit=1, **here)
        except OperationalError as error:
            raise StartupError(f"The broker does not answer: {error}") from error
        if not answers:
            raise StartupError("No worker on this machine answers.")

    def work(
        self,
        process: Process,
        *,
        queues: Sequence[str] | None,
        concurrency: int | None,
        pool: str,
        ready: Callable[..., None],
    ) -> None:
        """Work until the process is told to stop, and finish then what has begun.

        Args:
            process: opened in each process that runs tasks.
            queues: those to take from; all without them.
            concurrency: how many processes; one for each CPU without it.
            ready: called when all of them have begun.
        """
        stack = ExitStack()
        opened: list[RunNow] = []

        def begin(**_: object) -> None:
            opened.append(stack.enter_context(process()))

        def end(**_: object) -> None:
            stack.close()

        @self._celery.task(name=RUN)  # type: ignore[untyped-decorator]
        def run(task_id: str) -> None:
            opened[-1](UUID(task_id))

        receivers: list[tuple[Any, Callable[..., None]]] = [
            (signals.setup_logging, leave_logging),
            (signals.worker_process_init, begin),
            (signals.worker_ready, ready),
            (signals.worker_process_shutdown, end),
            (signals.worker_shutdown, end),
        ]
        for signal, receiver in receivers:
            signal.connect(receiver, weak=False)
        forgive_restoring()
        known = {kind.queue for kind in KINDS.values()}
        worker = self._celery.Worker(
            hostname=f"worker-{getpid()}@{gethostname()}",
            queues=[self._queue(name) for name in queues or sorted(known)],
            concurrency=concurrency,
            pool=pool,
            quiet=True,
            # What they tell each other, nobody here asks for.
            without_gossip=True,
            without_mingle=True,
        )
        worker.start()
        if worker.exitcode:
            raise SystemExit(worker.exitcode)

    def _queue(self, name: str) -> str:
        return f"{self._namespace}.{name}"

    def _publish(self, tasks: Sequence[Task]) -> None:
        """Tell only which tasks to run: all else is in the database."""
        with self._celery.producer_or_acquire() as producer:
            for task in tasks:
                kind = KINDS.get(task.name)
                self._celery.send_task(
                    RUN,
                    [str(task.id)],
                    task_id=str(task.id),
                    queue=self._queue(task.queue),
                    shadow=task.name,
                    time_limit=kind and kind.time_limit + GRACE,
                    confirm_timeout=TRANSPORT["socket_timeout"],
                    producer=producer,
                )
