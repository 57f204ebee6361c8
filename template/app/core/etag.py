"""Optimistic concurrency over HTTP: `ETag` out, `If-Match` back (RFC 9110, section 13.1.1)."""

from typing import Annotated

from fastapi import Depends, Header


def etag(version: int) -> str:
    return f'"{version}"'


class IfMatchHeader:
    """The versions for which the caller wants its change made; all, where it names none."""

    def __init__(
        self,
        if_match: Annotated[
            str | None,
            Header(description="The ETag that was read; the change is made only if it holds."),
        ] = None,
    ) -> None:
        self.tags = None if if_match is None else {tag.strip() for tag in if_match.split(",")}

    def allows(self, version: int) -> bool:
        return self.tags is None or bool(self.tags & {"*", etag(version)})


IfMatch = Annotated[IfMatchHeader, Depends()]
