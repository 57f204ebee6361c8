"""Every error is a problem document (RFC 9457, https://www.rfc-editor.org/rfc/rfc9457)."""

import json
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from structlog.contextvars import get_contextvars

MEDIA_TYPE = "application/problem+json"


class InvalidValue(BaseModel):
    """One value that was not accepted."""

    location: str = Field(description="body, query, path, header or cookie", examples=["body"])
    pointer: str = Field(description="Where in it, as a JSON pointer", examples=["/name"])
    detail: str = Field(examples=["String should have at least 1 character"])
    type: str = Field(description="Stable name of the rule", examples=["string_too_short"])


class Problem(BaseModel):
    """What went wrong, for programs (`type`, `status`) and for people (`title`, `detail`)."""

    type: str = Field(default="about:blank", examples=["urn:problem:item-not-found"])
    title: str = Field(examples=["Item not found"])
    status: int = Field(examples=[404])
    detail: str | None = Field(default=None, examples=["There is no item with this id."])
    request_id: str | None = Field(default=None, description="Quote it when you ask for help.")
    errors: list[InvalidValue] | None = None


class AppError(Exception):
    """An expected failure that the caller should see. Its class name gives type and title.

    Args:
        detail: a sentence for the caller; never internals, it is sent as it is.
        headers: sent with the answer.
        members: further members of the problem document.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST

    def __init__(
        self,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers
        self.members = members or {}

    @classmethod
    def words(cls) -> list[str]:
        return [word.lower() for word in re.findall(r"[A-Z][a-z0-9]*", cls.__name__)]


class NotFound(AppError):
    status = HTTPStatus.NOT_FOUND


class PreconditionFailed(AppError):
    status = HTTPStatus.PRECONDITION_FAILED


class Unavailable(AppError):
    """Something the service needs does not answer; the caller may try again soon."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, detail: str, *, members: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "5"}, members=members)


class ProblemResponse(JSONResponse):
    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:  # noqa: ANN401  (as in Starlette)
        # ASCII only: a part of the request that is quoted may not be valid Unicode.
        return json.dumps(content).encode()


def problem_response(
    status: int,
    *,
    detail: str | None = None,
    words: Iterable[str] = (),
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> ProblemResponse:
    """Build the answer; without `words` it is a plain HTTP error, `about:blank` as the RFC says."""
    words = list(words)
    problem = Problem(
        type=f"urn:problem:{'-'.join(words)}" if words else "about:blank",
        title=" ".join(words).capitalize() if words else _phrase(status),
        status=int(status),
        detail=detail,
        request_id=get_contextvars().get("request_id"),
    )
    content = {**problem.model_dump(exclude_none=True), **(members or {})}
    return ProblemResponse(content, problem.status, headers)


def responses(*errors: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """Declare a route's expected failures, for its `responses=`."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        title = " ".join(error.words()).capitalize()
        known = by_status.setdefault(error.status.value, {"model": Problem, "description": title})
        if title not in known["description"]:
            known["description"] += f", or: {title}"
    return by_status


def add_error_handlers(app: FastAPI) -> None:
    # Errors that nobody expected are answered by `app.core.edge`, around all of the application.
    @app.exception_handler(AppError)
    def app_error(_: Request, error: AppError) -> ProblemResponse:
        return problem_response(
            error.status,
            detail=error.detail,
            words=error.words(),
            headers=error.headers,
            members=error.members,
        )

    @app.exception_handler(HTTPException)
    def http_error(request: Request, error: HTTPException) -> ProblemResponse:
        detail = None if error.detail == _phrase(error.status_code) else str(error.detail)
        headers = error.headers
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers = {"Allow": ", ".join(allowed_methods(request))}
        return problem_response(error.status_code, detail=detail, headers=headers)

    @app.exception_handler(RequestValidationError)
    def validation_error(_: Request, error: RequestValidationError) -> ProblemResponse:
        return problem_response(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            detail="The request is not valid; `errors` says where.",
            words=["invalid", "request"],
            members={"errors": [_invalid_value(detail) for detail in error.errors()]},
        )


def allowed_methods(request: Request) -> list[str]:
    """Return what a path can be asked: each of its routes knows only its own methods."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    contexts = iter_route_contexts(request.app.routes)
    return sorted(
        {
            method
            for context in contexts
            if context.path_regex and context.path_regex.match(path)
            for method in context.methods or ()
        }
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _invalid_value(detail: Mapping[str, Any]) -> dict[str, Any]:
    location, *path = detail["loc"]
    # The value itself stays out of the answer: it may be a password, and it is in the request.
    return InvalidValue(
        location=str(location),
        pointer="".join(f"/{_escape(part)}" for part in path),
        detail=detail["msg"],
        type=detail["type"],
    ).model_dump()


def _escape(part: object) -> str:
    """Escape a name for a JSON pointer (RFC 6901, section 3)."""
    return str(part).replace("~", "~0").replace("/", "~1")
