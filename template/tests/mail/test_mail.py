import smtplib
import socket
from collections.abc import Generator
from typing import Any

import pytest
import stamina
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from fastapi import BackgroundTasks
from pydantic import SecretStr

from app.core.settings import forget_all
from app.mail.mailer import ConsoleMailer, Mail, NoMailer, Post, SmtpMailer, get_mailer
from app.mail.settings import MailSettings

MAIL = Mail("ada@example.com", "Grüße", "A line.\n.\nAnother, after a dot.")


class Received:
    """What a real mail server was given."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _: object, __: object, envelope: Any) -> str:  # noqa: ANN401, N802
        self.mails.append(envelope)
        return "250 OK"


def check(_: object, __: object, ___: object, ____: object, data: Any) -> AuthResult:  # noqa: ANN401
    right = (data.login, data.password) == (b"app", b"p@ss")
    return AuthResult(success=right, handled=False)  # the server answers


@pytest.fixture
def server() -> Generator[Controller]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(
        Received(), hostname="127.0.0.1", port=port, authenticator=check, auth_require_tls=False
    )
    server.start()
    yield server
    server.stop()


def mailer(server: Controller, user: str = "") -> SmtpMailer:
    return SmtpMailer(MailSettings(url=SecretStr(f"smtp://{user}127.0.0.1:{server.port}")))


@pytest.mark.parametrize("user", ["", "app:p%40ss@"])
async def test_mail_arrives_as_it_was_written(server: Controller, user: str) -> None:
    await mailer(server, user).send(MAIL)

    (envelope,) = server.handler.mails
    assert envelope.rcpt_tos == ["ada@example.com"]
    assert b"Subject: =?utf-8?" in envelope.content
    assert b"\r\n.\r\nAnother" in envelope.content


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_nothing_is_sent_to_a_server_without_tls(server: Controller, scheme: str) -> None:
    url = SecretStr(f"{scheme}://127.0.0.1:{server.port}")

    with pytest.raises((OSError, smtplib.SMTPException)), stamina.set_testing(True):
        await SmtpMailer(MailSettings(url=url, timeout=1)).send(MAIL)

    assert server.handler.mails == []


async def test_mail_without_a_server_is_logged_and_not_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = SmtpMailer(MailSettings(url=SecretStr("smtp://127.0.0.1:9"), timeout=0.2))
    tasks = BackgroundTasks()
    Post(tasks, gone).later(MAIL)

    # It tries as often as ever, and does not wait in between.
    with stamina.set_testing(True, attempts=100, cap=True):
        await tasks()

    written = capsys.readouterr().out
    assert "mail was not sent" in written
    assert "A line." not in written


async def test_wrong_password_is_logged(
    server: Controller, capsys: pytest.CaptureFixture[str]
) -> None:
    await Post(BackgroundTasks(), mailer(server, "app:wrong@")).now(MAIL)

    assert "mail was not sent" in capsys.readouterr().out
    assert server.handler.mails == []


async def test_header_cannot_be_added_by_an_address(server: Controller) -> None:
    with pytest.raises(ValueError, match=r"[Hh]eader|linefeed"):
        await mailer(server).send(Mail("a@example.com\nBcc: b@example.com", "x", "x"))


async def test_mail_is_printed_while_developing(capsys: pytest.CaptureFixture[str]) -> None:
    await ConsoleMailer().send(MAIL)

    assert "Mail to ada@example.com: Grüße" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("console://", ConsoleMailer),
        ("discard://", NoMailer),
        ("smtps://mail.example.com", SmtpMailer),
        ("smtp+starttls://mail.example.com:587", SmtpMailer),
    ],
)
async def test_setting_says_where_mail_goes(
    monkeypatch: pytest.MonkeyPatch, url: str, kind: type
) -> None:
    monkeypatch.setenv("MAIL_URL", url)
    forget_all()

    mailer = await get_mailer()

    assert isinstance(mailer, kind)
    if kind is NoMailer:
        await mailer.send(MAIL)
