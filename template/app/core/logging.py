"""Structured logs: JSON lines where deployed, colours while developing; never a secret in them."""

import asyncio
import json
import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, Literal, cast

import orjson
import structlog
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from structlog.typing import Processor

from app.core.settings import AppSettings, Settings

MASK = "***"
SECRET_NAMES = re.compile(
    r"passw|secret|token|authorization|cookie|api[-_]?key|credential|private[-_]?key",
    re.IGNORECASE,
)
# What looks like a secret inside a text: the user part of a URL, a bearer or basic credential, and
# what Postgres tells of the row or the value that it refuses.
SECRET_TEXTS = re.compile(
    r"(?<=://)[^\s/@]+(?=@)|(?<=\bBearer )[\w.~+/=-]+|(?<=\bBasic )[\w+/=]+"
    r"|(?<=\bDETAIL:  )(?s:.+?)(?=\n\[SQL: |\n\nThe above |\Z)"  # a value may have lines
    r"|(?<=for query argument )\$\d+: [^\n]+",
    re.IGNORECASE,
)

LogRequest = Callable[[dict[str, Any]], None]
REQUEST_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


class LogSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="LOG_")

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["json", "console"] | None = Field(
        default=None, description="Unset: json where deployed, else console."
    )

    @property
    def is_json(self) -> bool:
        if self.format is None:
            return AppSettings.load().environment.deployed
        return self.format == "json"


def configure_logging() -> None:
    """Send the service's log and that of every library to stdout, in one format."""
    settings = LogSettings.load()
    level = logging.getLevelNamesMapping()["DEBUG" if AppSettings.load().debug else settings.level]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[Processor] = [structlog.processors.format_exc_info, mask_secrets, _render_json]
    if not settings.is_json:
        # Plain tracebacks: the pretty ones show local variables, which may be secrets.
        console = structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        ending = [mask_secrets, console]
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=AppSettings.load().environment.deployed,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Uvicorn has handlers of its own, and an access log that the edge writes better.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name != "uvicorn.access"
    # One line per upstream call says little that the access log does not.
    logging.getLogger("httpx2").setLevel(max(level, logging.WARNING))


def request_logger() -> LogRequest:
    """Return what writes the access log.

    It is the one line of every request: as JSON it is written directly, for a fifth of the time.
    """
    settings = LogSettings.load()
    if not settings.is_json:
        return lambda fields: structlog.get_logger().info("request", **fields)
    if settings.level not in {"DEBUG", "INFO"}:
        return lambda _: None
    return AccessLog().write


class AccessLog:
    """Lines of JSON; those of one pass of the event loop go out together, in one system call."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, fields: dict[str, Any]) -> None:
        head = {"event": "request", "level": "info", "timestamp": datetime.now(UTC)}
        line = {**head, **structlog.contextvars.get_contextvars(), **fields}
        if not self.lines:
            asyncio.get_running_loop().call_soon(self.flush)
        self.lines.append(orjson.dumps(line, default=str, option=REQUEST_OPTIONS))

    def flush(self) -> None:
        lines = b"".join(self.lines)
        self.lines.clear()
        sys.stdout.write(lines.decode())
        sys.stdout.flush()


def mask_secrets(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask values with a telling name, and what looks like a secret in any text."""
    for name, value in event.items():
        event[name] = MASK if SECRET_NAMES.search(name) else _masked(value)
    return event


def mask_text(text: str) -> str:
    return SECRET_TEXTS.sub(MASK, text)


def _masked(value: object) -> object:
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, dict):
        members = cast("dict[object, object]", value)
        return mask_secrets(None, "", {str(name): item for name, item in members.items()})
    if isinstance(value, list | tuple):
        return [_masked(item) for item in cast("list[object]", value)]
    return value


def _render_json(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # a number of more than 64 bits, half a surrogate pair
        return json.dumps(event, default=str, skipkeys=True)
