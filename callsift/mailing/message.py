"""A message of text and HTML with the headers that mail programs expect (RFC 5322). Pure."""

import hashlib
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from callsift.mailing.settings import MailFile, as_address


def message_of(settings: MailFile, subject: str, text: str, html: str, what: str, now: datetime) -> EmailMessage:
    """Return a message.

    Args:
        settings: From whom, and to whom.
        subject: What it is about.
        text: The same as ``html``, for who reads text.
        html: What most see.
        what: Names what the message is, such as a day and its zone. Of the same sender and recipients it has the same
            Message-ID, so that one that is sent again is known as the same.
        now: The time.
    """
    sender, recipients = as_address(settings.sender), [as_address(one) for one in settings.to]
    domain = _ascii(sender.domain)
    names = "\n".join((what, sender.addr_spec, *sorted(one.addr_spec for one in recipients)))
    message = EmailMessage(SMTP)
    message["From"], message["To"], message["Subject"] = sender, recipients, subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<summary.{hashlib.sha256(names.encode()).hexdigest()[:32]}@{domain}>"
    message["List-Id"] = f"<{settings.list_id or f'summary.callsift.{domain}'}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's machine answers that somebody is away
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def addresses(message: EmailMessage) -> tuple[str, list[str]]:
    """Return a message's sender and recipients, as the server is told."""
    found: list[tuple[Address, ...]] = [message[name].addresses for name in ("From", "To")]
    return found[0][0].addr_spec, [one.addr_spec for one in found[1]]


def _ascii(domain: str) -> str:
    return domain.encode("idna").decode()
