"""Send mail. What is sent stays out of the log: a link in it may be as good as a password."""

import asyncio
import smtplib
import ssl
import sys
from dataclasses import dataclass
from email.message import EmailMessage
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
        ...


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
        await asyncio.to_thread(self._send, self._message(mail))

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self.settings.sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message.set_content(mail.text)
        return message

    @stamina.retry(on=TRANSIENT, attempts=3, wait_initial=0.5)
    def _send(self, message: EmailMessage) -> None:
        parts, context = self.settings.parts, ssl.create_default_context()
        with self._connect(parts.scheme == "smtps", context) as server:
            if parts.scheme == "smtp+starttls":
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)

    def _connect(self, tls: bool, context: ssl.SSLContext) -> smtplib.SMTP:  # noqa: FBT001
        host, port = str(self.settings.parts.hostname), self.settings.parts.port or 0
        if tls:
            return smtplib.SMTP_SSL(host, port, timeout=self.settings.timeout, context=context)
        return smtplib.SMTP(host, port, timeout=self.settings.timeout)


async def get_mailer() -> Mailer:
    settings = MailSettings.load()
    if settings.parts.scheme == "console":
        return ConsoleMailer()
    return NoMailer() if settings.parts.scheme == "discard" else SmtpMailer(settings)


class Post:
    """Sends after the answer has left: the client cannot tell by the time whether mail went out."""

    def __init__(
        self, tasks: BackgroundTasks, mailer: Annotated[Mailer, Depends(get_mailer)]
    ) -> None:
        self.tasks = tasks
        self.mailer = mailer

    def later(self, mail: Mail) -> None:
        self.tasks.add_task(self.now, mail)

    async def now(self, mail: Mail) -> None:
        """Send, and log a failure: nobody waits for the outcome."""
        try:
            await self.mailer.send(mail)
        except OSError as error:
            log.error("mail was not sent", subject=mail.subject, reason=str(error))  # noqa: TRY400


PostDep = Annotated[Post, Depends(inline(Post))]
