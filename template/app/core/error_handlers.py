"""Turn every error that a route or Starlette raises into a problem document."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from app.core.problems import AppError, InvalidValue, ProblemResponse, phrase_of, problem_response


def add_error_handlers(app: FastAPI) -> None:
    # Errors that nobody expected are answered by `app.core.edge`, around all of the application.
    @app.exception_handler(AppError)
    async def app_error(_: Request, error: AppError) -> ProblemResponse:
        return problem_response(
            error.status,
            detail=error.detail,
            words=error.words(),
            headers=error.headers,
            members=error.members,
        )

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> ProblemResponse:
        detail = None if error.detail == phrase_of(error.status_code) else str(error.detail)
        headers = error.headers
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers = {"Allow": ", ".join(allowed_methods(request))}
        return problem_response(error.status_code, detail=detail, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def validation_error(_: Request, error: RequestValidationError) -> ProblemResponse:
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


def _invalid_value(detail: Mapping[str, Any]) -> dict[str, Any]:
    location, *path = detail["loc"]
    if detail["type"] == "json_invalid":
        path = []  # it is where in the text, and no member
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
