"""Versions over HTTP: `ETag` out, `If-Match` and `If-None-Match` back (RFC 9110, section 13.1)."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Response

from app.core.dependencies import inline

T = TypeVar("T")


def etag(version: int) -> str:
    return f'"{version}"'


def tags_in(header: str) -> set[str]:
    return {tag.strip() for tag in header.split(",")}


@dataclass(frozen=True)
class IfMatchHeader:
    """The versions for which the caller wants its change made; all, where it names none."""

    if_match: Annotated[
        str | None,
        Header(description="The ETag that was read; the change is made only if it holds."),
    ] = None

    def allows(self, version: int) -> bool:
        return self.if_match is None or bool(tags_in(self.if_match) & {"*", etag(version)})


IfMatch = Annotated[IfMatchHeader, Depends(inline(IfMatchHeader))]

IfNoneMatch = Annotated[
    str | None, Header(description="The ETag that is known; if it still holds, the answer is 304.")
]


def unless_known(value: T, tag: str, if_none_match: str | None, response: Response) -> T | Response:
    """Return the value to send, or "304 Not Modified" to whoever knows it already.

    A browser keeps it, and asks each time whether it still holds; shared caches keep nothing.
    """
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    # A proxy that compresses may make a tag weak: W/"1" names the same version.
    known = tags_in((if_none_match or "").replace('W/"', '"'))
    if known & {tag, "*"}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    response.headers.update(headers)
    return value
