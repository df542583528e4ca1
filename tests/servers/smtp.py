"""A mail server on this machine that speaks SMTP, keeps what it gets, and misbehaves as it is told."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from callsift.embedded import free_port
from tests.servers.certificates import Certificates

USER, PASSWORD = "callsift", "opens-the-mail"


class MailServer:
    """What a server does with mail; each list of answers is used up, one at a time, before it behaves."""

    def __init__(self) -> None:
        self.port = free_port()
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        """Of each mail, for whom it was taken."""
        self.encrypted: list[bool] = []
        """Of each mail, whether it came over TLS."""
        self.login_answers: list[str] = []
        self.recipient_answers: dict[str, list[str]] = {}
        """By recipient; one that is never used up says the same for ever."""
        self.message_answers: list[str] = []
        """After a message: an answer, or ``close`` (before it is kept), ``kept`` (after it), ``silence``."""
        self.goodbye = "221 Bye"
        self.connections = 0

    async def handle_EHLO(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, _: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += not session.ssl
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if answers := self.recipient_answers.get(address):
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.message_answers.pop(0) if self.message_answers else "250 OK"
        if answer in {"250 OK", "kept"}:
            content = envelope.content
            assert isinstance(content, bytes)
            self.mails.append(message_from_bytes(content, policy=default))
            self.recipients.append(list(envelope.rcpt_tos))
            self.encrypted.append(_transport(server).get_extra_info("ssl_object") is not None)
        if answer in {"close", "kept"}:
            _transport(server).abort()
        if answer == "silence":
            await asyncio.sleep(3600)
        return answer

    async def handle_QUIT(self, *_: Any) -> str:  # noqa: N802
        return self.goodbye

    def authenticated(self, *asked: Any) -> AuthResult:
        if self.login_answers:
            return AuthResult(success=False, handled=False, message=self.login_answers.pop(0))
        told = asked[-1]
        knows = isinstance(told, LoginPassword) and (told.login, told.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=knows, handled=False)


def _transport(server: SMTP) -> Any:
    return server.transport


@contextmanager
def mail_server(certificates: Certificates | None = None, *, at_once: bool = False) -> Iterator[MailServer]:
    """Run a server; with certificates it takes mail over STARTTLS, or TLS ``at_once``, from who signs in alone."""
    server, options = MailServer(), dict[str, Any]()
    if certificates is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.server)
        options = {"authenticator": server.authenticated, "auth_required": True}
        options |= {"ssl_context": context} if at_once else {"tls_context": context, "require_starttls": True}
        options |= {"auth_require_tls": not at_once}  # aiosmtpd knows of STARTTLS alone
    running = Controller(server, hostname="127.0.0.1", port=server.port, **options)
    running.start()
    try:
        yield server
    finally:
        running.stop()
