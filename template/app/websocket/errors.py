from http import HTTPStatus
from typing import ClassVar

from app.core.problems import AppError


class InvalidMessage(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY


class AlreadySubscribed(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT


class NotSubscribed(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT


class TooLate(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT


class ForeignPage(AppError):
    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN
