"""Handing a message to a server over SMTP (RFC 5321), again where it says later or is away."""

import smtplib
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage

from callsift.mailing.message import addresses
from callsift.mailing.settings import MailFile
from streams.errors import CallsiftError, SettingsError

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 300.0  # greylisting lets those pass who come back after some minutes
_PERMANENT = 500


class MailNotSent(CallsiftError):
    """The server does not take the message, or not for everybody."""


@dataclass
class Delivery:
    """For whom the server has taken a message, and for whom not yet."""

    pending: list[str]
    taken: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    """The server's codes for those that it takes nothing for."""


def deliver(
    message: EmailMessage,
    settings: MailFile,
    pause: Callable[[float], None] = time.sleep,
    on_wait: Callable[[str, float], None] = lambda _why, _pause_s: None,
) -> Delivery:
    """Hand a message to the server for each recipient once. Blocks.

    A server that is away, ends the connection or says later (4xx) is asked again, after 5 seconds, then 10, 20 and so
    on up to 5 minutes, for ``patience_s`` in all. One that ends the connection after it has got the message may have
    taken it: it gets it again, under the same Message-ID.

    Args:
        message: The message.
        settings: The server.
        pause: Waits for some seconds.
        on_wait: Told why it has to be tried again, and in how many seconds.

    Raises:
        MailNotSent: The server refuses it for somebody (5xx), or did not take it in time; for others it may be taken.
        SettingsError: There is no password, it refuses the login, or its certificate is not that of the host.
    """
    sender, recipients = addresses(message)
    done, pause_s, left_s = Delivery(recipients), _FIRST_PAUSE_S, settings.patience_s
    while True:
        why = _try(message, sender, settings, done)
        if not done.pending:
            break
        if pause_s > left_s:
            raise MailNotSent(
                f"the mail server {settings.host} has not taken the mail for {len(done.pending)} of "
                f"{len(recipients)} recipients: {why}",
                "Send it again later: it has the same Message-ID",
            )
        on_wait(why, pause_s)
        pause(pause_s)
        left_s, pause_s = left_s - pause_s, min(2 * pause_s, _LONGEST_PAUSE_S)
    if done.refused:
        codes = ", ".join(map(str, sorted(set(done.refused))))
        raise MailNotSent(
            f"the mail server {settings.host} refuses the mail for {len(done.refused)} of {len(recipients)} "
            f"recipients: {codes}",
            "Correct from and to in the file of --mail-file, or have the server take mail from here",
        )
    return done


def _try(message: EmailMessage, sender: str, settings: MailFile, done: Delivery) -> str:
    """Try once; move who is taken or refused, and return why others still wait. Nothing that a server says is kept."""
    try:
        server = _connected(settings)
        try:
            refused = server.send_message(message, sender, list(done.pending))
        finally:
            with suppress(OSError, smtplib.SMTPException):  # what it says to the goodbye takes no mail back
                server.quit()
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < _PERMANENT:
            return f"it answers the login with {error.smtp_code}"
        raise SettingsError(
            f"the mail server {settings.host} refuses the login ({error.smtp_code})",
            "Correct user and password_file in the file of --mail-file",
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise SettingsError(
            f"the mail server {settings.host} does not offer what the file of --mail-file asks for",
            "Compare security, user and addresses with what it offers",
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        # nobody has it: after a 421 the others were not asked, or not sent the message
        refused = dict.fromkeys(done.pending, (421, b"")) | error.recipients
    except smtplib.SMTPResponseException as error:  # to the greeting, the sender or the message itself
        if error.smtp_code < _PERMANENT:
            return f"it says {error.smtp_code}"
        refused = dict.fromkeys(done.pending, (error.smtp_code, b""))
    except ssl.SSLCertVerificationError as error:
        raise SettingsError(
            f"the certificate of the mail server {settings.host} cannot be trusted: {error.verify_message}",
            "Correct host, or name the certificates that it is checked with as ca_file",
        ) from None
    except ssl.SSLError as error:
        if error.reason != "WRONG_VERSION_NUMBER":
            return type(error).__name__
        raise SettingsError(
            f"the mail server {settings.host} does not speak TLS at port {settings.server_port}",
            "Correct security or port in the file of --mail-file",
        ) from None
    except (OSError, smtplib.SMTPException) as error:  # away, slow, or it ended the connection
        return type(error).__name__
    codes = {recipient: code for recipient, (code, _) in refused.items()}
    done.taken += [one for one in done.pending if one not in codes]
    done.refused += [codes[one] for one in done.pending if codes.get(one, 0) >= _PERMANENT]
    done.pending = [one for one in done.pending if 0 < codes.get(one, 0) < _PERMANENT]
    return f"it says {', '.join(str(code) for code in sorted(set(codes.values())))}"


def _connected(settings: MailFile) -> smtplib.SMTP:
    where = settings.host, settings.server_port
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        why = f"{settings.ca_file} cannot be used: {error.strerror or 'no certificates'}"
        raise SettingsError(why, "Correct ca_file in the file of --mail-file: it is in PEM") from None
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=settings.timeout_s, context=context)
    else:
        server = smtplib.SMTP(*where, timeout=settings.timeout_s)
    try:
        if settings.security == "starttls":
            server.starttls(context=context)
        if settings.user is not None:
            server.login(settings.user, settings.password())
    except BaseException:
        server.close()
        raise
    return server
