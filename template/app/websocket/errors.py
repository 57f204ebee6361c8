from http import HTTPStatus

from app.core.problems import AppError


class InvalidMessage(AppError):
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class AlreadySubscribed(AppError):
    status = HTTPStatus.CONFLICT


class NotSubscribed(AppError):
    status = HTTPStatus.CONFLICT


class TooLate(AppError):
    status = HTTPStatus.CONFLICT


class ForeignPage(AppError):
    status = HTTPStatus.FORBIDDEN
