"""Tell a database that is away or overloaded (503, try again) from a mistake in the code (500)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import AsyncAdaptedQueuePool, Dialect, Engine, PoolProxiedConnection, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from app.core.problems import Unavailable

# Classes of https://www.postgresql.org/docs/current/errcodes-appendix.html: connection lost,
# transaction rolled back for another's sake, out of resources, lock not available, shutting down.
RETRYABLE_SQLSTATES = ("08", "40", "53", "55P03", "57")
RETRYABLE_SQLITE = ("database is locked", "database table is locked")


class DatabaseUnavailable(Unavailable):
    detail = "The database does not answer. Try again in a moment."


class Pool(AsyncAdaptedQueuePool):
    """Raises `DatabaseUnavailable` where all connections stay in use for too long."""

    _sqla_logger_namespace = "sqlalchemy.pool.Pool"  # it is as quiet as SQLAlchemy's own

    def connect(self) -> PoolProxiedConnection:
        try:
            return super().connect()
        except (PoolTimeoutError, TimeoutError) as error:  # also where a ping has no answer
            raise DatabaseUnavailable from error


def translate_errors(engine: Engine) -> None:
    """Raise `DatabaseUnavailable` from every statement or connection that fails for that reason."""

    @event.listens_for(engine, "do_connect")
    def do_connect(
        dialect: Dialect, _: ConnectionPoolEntry, args: Sequence[Any], options: dict[str, Any]
    ) -> DBAPIConnection:
        # asyncpg raises bare OSError and TimeoutError here, which `handle_error` never sees.
        try:
            return dialect.connect(*args, **options)
        except OSError as error:
            raise DatabaseUnavailable from error

    @event.listens_for(engine, "handle_error")
    def handle_error(context: ExceptionContext) -> None:
        error = context.original_exception
        # To SQLAlchemy a cancelled statement is a lost connection; but it has to stay cancelled.
        if isinstance(error, Exception) and (context.is_disconnect or is_retryable(error)):
            raise DatabaseUnavailable from error


def is_retryable(error: BaseException) -> bool:
    if isinstance(error, TimeoutError):
        return True
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate:
        return str(sqlstate).startswith(RETRYABLE_SQLSTATES)
    return str(error).startswith(RETRYABLE_SQLITE)
