from http import HTTPStatus
from typing import ClassVar

from app.core.problems import AppError


class InvalidMessage(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY


class AlreadySubscribed(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT

    def __init__(self) -> None:
        super().__init__("This socket listens to the topic already.")


class NotSubscribed(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT

    def __init__(self) -> None:
        super().__init__("This socket does not listen to the topic.")


class TooLate(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT

    def __init__(self) -> None:
        super().__init__("Log in once, and before the first subscription.")


class ForeignPage(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN

    def __init__(self) -> None:
        super().__init__("Pages must come from this site or one in CORS_ORIGINS.")
