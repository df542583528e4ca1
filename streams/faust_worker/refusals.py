"""What the brokers, or the client on their behalf, will never take: to repeat it would hold a slot for ever."""

from aiokafka.errors import MessageSizeTooLargeError, RecordListTooLargeError
from faust.exceptions import ProducerSendError

from streams.errors import MessageRefused, PermanentError


class MessageTooLarge(PermanentError):
    """The broker does not take a message of this size."""


def refusal(error: Exception, topic: str, size_bytes: int) -> PermanentError | None:
    """Return why a publication would fail again the same way; None: it may be repeated, as after any other trouble.

    Missing topics, missing rights and a clock that the broker does not believe are no refusals: they hold for every
    message, dead letters included, and can be mended.
    """
    cause = error.__cause__ if isinstance(error, ProducerSendError) else error  # Faust wraps what the client refuses
    if isinstance(cause, MessageSizeTooLargeError | RecordListTooLargeError):
        return MessageTooLarge(
            f"the message has {size_bytes} bytes, more than {topic} takes",
            "Look at the call; a message may have 1 MB on most topics, and max.message.bytes of the topic raises that",
        )
    if isinstance(cause, UnicodeError):
        return MessageRefused(f"the message for {topic} cannot be encoded", "Look at the names of its headers")
    return None
