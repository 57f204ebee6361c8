"""Every error is a problem document (RFC 9457, https://www.rfc-editor.org/rfc/rfc9457)."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
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

    A class whose errors all have the same detail or headers has them as attributes.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    detail: str | None = None
    headers: Mapping[str, str] | None = None
    keeps_changes: ClassVar[bool] = False
    """Whether the request's transaction is committed all the same, with what it says of it."""

    def __init__(
        self,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        self.detail = detail or self.detail
        super().__init__(self.detail)
        self.headers = headers or self.headers
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
    headers: Mapping[str, str] | None = {"Retry-After": "5"}


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
    problem = make_problem(status, detail, list(words))
    content = {**problem.model_dump(exclude_none=True), **(members or {})}
    return ProblemResponse(content, problem.status, headers)


def make_problem(status: int, detail: str | None, words: Sequence[str]) -> Problem:
    return Problem(
        type=f"urn:problem:{'-'.join(words)}" if words else "about:blank",
        title=" ".join(words).capitalize() if words else phrase_of(status),
        status=int(status),
        detail=detail,
        request_id=get_contextvars().get("request_id"),
    )


def problem_of(error: AppError) -> Problem:
    """Describe an error where it is not the answer to a request."""
    return make_problem(error.status, error.detail, error.words())


def responses(*errors: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """Declare a route's expected failures, for its `responses=`."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        title = " ".join(error.words()).capitalize()
        known = by_status.setdefault(error.status.value, {"model": Problem, "description": title})
        if title not in known["description"]:
            known["description"] += f", or: {title}"
    return by_status


def phrase_of(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
