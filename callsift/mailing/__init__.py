"""Mail: a message of text and HTML, handed to one server over SMTP."""

from callsift.mailing.delivery import Delivery, MailNotSent, deliver
from callsift.mailing.message import message_of
from callsift.mailing.settings import MailFile, read_mail_file

__all__ = ["Delivery", "MailFile", "MailNotSent", "deliver", "message_of", "read_mail_file"]
