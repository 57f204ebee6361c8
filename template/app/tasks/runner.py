"""Run a task: once, however many messages tell of it, and again if it fails or its worker dies."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from random import uniform
from time import perf_counter
from typing import Any
from uuid import UUID

import orjson
import structlog
from structlog.contextvars import bound_contextvars

from app.core.cache import NO_CACHE, Cache
from app.core.concurrency import background
from app.core.database.engine import Database
from app.core.events import NOBODY, Events
from app.core.identity import Principal
from app.core.problems import AppError, make_problem, problem_of
from app.tasks.claims import Claims
from app.tasks.declarations import KINDS, TaskContext
from app.tasks.metrics import ATTEMPTS
from app.tasks.models import Task
from app.tasks.settings import TaskSettings

LONGEST_RETRY = 3600.0  # seconds

log = structlog.get_logger()
# Errors that nobody expected go where those of libraries go: what reports errors listens there.
errors = logging.getLogger(__name__)


class TaskTimeout(AppError):
    status = HTTPStatus.GATEWAY_TIMEOUT


class WorkerLost(AppError):
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "Each time it was begun, its worker died."


class Runner:
    def __init__(
        self,
        database: Database,
        settings: TaskSettings,
        *,
        events: Events = NOBODY,
        cache: Cache = NO_CACHE,
    ) -> None:
        self._database = database
        self._settings = settings
        self._events = events
        self._cache = cache
        self._claims = Claims(database, settings)

    async def run(self, task_id: UUID) -> None:
        """Run a task if it is there to be run, and store what came of it."""
        task = await self._claims.claim(task_id)
        if task is None:
            log.info("nothing to run: done, under way, or not known here", task_id=str(task_id))
            return
        names = {"task_id": str(task.id), "task": task.name, "principal": task.owner_id}
        if task.request_id is not None:
            names["request_id"] = task.request_id
        with bound_contextvars(**names):
            begin = perf_counter()
            outcome = await self._attempt(task)
            duration = perf_counter() - begin
            ATTEMPTS.labels(task.name, outcome).observe(duration)
            log.info(
                "task", outcome=outcome, attempt=task.attempts, duration_ms=round(duration * 1000)
            )

    async def _attempt(self, task: Task) -> str:
        try:
            result = await self._call(task)
        except Exception as error:  # noqa: BLE001  (logged, stored, and tried again)
            return await self._failed(task, error)
        await self._claims.finish(task, result=result)
        return "done"

    async def _call(self, task: Task) -> Mapping[str, Any] | None:
        kind = KINDS[task.name]
        if task.attempts > kind.max_attempts:
            raise WorkerLost
        context = TaskContext(
            database=self._database,
            task_id=task.id,
            principal=Principal(task.owner_id),
            attempt=task.attempts,
            events=self._events,
            cache=self._cache,
        )
        limit = asyncio.timeout(kind.time_limit)
        try:
            async with background(self._claims.keep(task)), limit:
                result = await kind(context, kind.arguments.model_validate(task.arguments))
        except TimeoutError as error:
            # Not one of the function's own.
            if limit.expired():
                raise TaskTimeout(f"It took longer than {kind.time_limit:g} s.") from error
            raise
        # As JSON has it: a database knows no NaN.
        return None if result is None else orjson.loads(result.model_dump_json())

    async def _failed(self, task: Task, error: Exception) -> str:
        # As over HTTP: what was expected is told, and of all else only that it happened.
        if isinstance(error, AppError):
            problem = {**problem_of(error).model_dump(exclude_none=True), **error.members}
            # It would fail again: the task's own fault, not that of what it needs.
            final = error.status < HTTPStatus.INTERNAL_SERVER_ERROR
        else:
            errors.error("task failed", exc_info=error)
            problem = make_problem(500, None, []).model_dump(exclude_none=True)
            final = False
        if final or task.attempts >= KINDS[task.name].max_attempts:
            await self._claims.finish(task, error=problem)
            return "failed"
        await self._claims.retry(task, problem, after=self._backoff(task.attempts))
        return "retried"

    def _backoff(self, attempts: int) -> timedelta:
        # Any time up to the limit, so that tasks that failed together do not come back together.
        limit = min(2 * self._settings.retry_seconds * 2 ** (attempts - 1), LONGEST_RETRY)
        return timedelta(seconds=uniform(0, limit))  # noqa: S311  (nobody gains by guessing)
