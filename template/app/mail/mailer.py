"""Send mail. What is sent stays out of the log: a link in it may be as good as a password."""

import asyncio
import smtplib
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from typing import Annotated, Protocol
from urllib.parse import unquote

import stamina
import structlog
from fastapi import BackgroundTasks, Depends

from app.core.dependencies import inline
from app.mail.settings import MailSettings

# Others, such as a refused password, stay as they are however often one asks.
TRANSIENT = (ConnectionError, TimeoutError, smtplib.SMTPServerDisconnected)

log = structlog.get_logger()


@dataclass(frozen=True)
class Mail:
    to: str
    subject: str
    text: str


class Mailer(Protocol):
    async def send(self, mail: Mail) -> None:
        """Deliver a mail.

        Raises:
            OSError: the server is away, or refuses.
        """


class ConsoleMailer:
    """Prints mails, while developing."""

    async def send(self, mail: Mail) -> None:
        sys.stdout.write(f"\n--- Mail to {mail.to}: {mail.subject}\n{mail.text}\n---\n")
        sys.stdout.flush()


class NoMailer:
    async def send(self, mail: Mail) -> None:
        log.info("mail discarded", subject=mail.subject)


class SmtpMailer:
    def __init__(self, settings: MailSettings) -> None:
        self.settings = settings

    async def send(self, mail: Mail) -> None:
        message = EmailMessage()
        message["From"] = self.settings.sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message.set_content(mail.text)
        await asyncio.to_thread(self._send, message)

    @stamina.retry(on=TRANSIENT, attempts=3, wait_initial=0.5)
    def _send(self, message: EmailMessage) -> None:
        parts, context = self.settings.parts, ssl.create_default_context()
        connect: Callable[..., smtplib.SMTP] = smtplib.SMTP
        if parts.scheme == "smtps":
            connect = partial(smtplib.SMTP_SSL, context=context)
        with connect(str(parts.hostname), parts.port or 0, timeout=self.settings.timeout) as server:
            if parts.scheme == "smtp+starttls":
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)


async def get_mailer() -> Mailer:
    settings = MailSettings.load()
    if settings.parts.scheme == "console":
        return ConsoleMailer()
    return NoMailer() if settings.parts.scheme == "discard" else SmtpMailer(settings)


@dataclass(frozen=True)
class Post:
    """Sends after the answer has left: the client cannot tell by the time whether mail went out."""

    tasks: BackgroundTasks
    mailer: Annotated[Mailer, Depends(get_mailer)]

    def later(self, mail: Mail) -> None:
        self.tasks.add_task(self.now, mail)

    async def now(self, mail: Mail) -> None:
        """Send, and log a failure: nobody waits for the outcome."""
        try:
            await self.mailer.send(mail)
        except OSError as error:
            log.error("mail was not sent", subject=mail.subject, reason=str(error))  # noqa: TRY400


PostDep = Annotated[Post, Depends(inline(Post))]
