"""Which files in the audio store unacknowledged messages still need."""

import json
from collections.abc import Callable, Iterator

from streams.payloads.layout import digits, stem
from streams.retention.names import Names
from streams.retention.unacknowledged import Unacknowledged
from streams.settings import KafkaSettings


def needed_by(value: bytes | None) -> frozenset[str]:
    """Return what a message needs of the store, as ``layout.stem`` names it.

    Every address and every claim check counts, wherever it stands in the message: a newer producer may have put one
    into a field that this version does not know. A payload is needed by its name, whatever the store's address was when
    it was written, and by its SHA-256, after which the checkpoints of the work on it are named.
    """
    try:
        content = json.loads(value or b"null")
    except (ValueError, RecursionError):  # it will be a dead letter, and nothing can be fetched for it
        return frozenset()
    return frozenset(filter(None, _names(content)))


class Needed:
    """What unacknowledged messages need of the store (``needed_by``), in bounded memory however many there are.

    ``in`` says it as of the last ``refresh``; what has been acknowledged since the first one counts as needed, too.
    """

    def __init__(self, kafka: KafkaSettings, on_message: Callable[[int, int], None] = lambda *_: None) -> None:
        """Make the client; nothing is read before ``refresh``. The arguments are those of ``Unacknowledged``."""
        self._unacknowledged = Unacknowledged(kafka, on_message)
        self._names = Names()

    def __contains__(self, name: str) -> bool:
        """Tell whether a message needs what has this ``layout.stem``; now and then True without need (``Names``)."""
        return name in self._names

    def refresh(self) -> None:
        """Read what nobody has acknowledged; the next time, what has come since.

        Raises:
            KafkaUnavailable: The brokers do not answer or refuse, or a topic is missing: nothing is known then.
        """
        for message in self._unacknowledged.messages():
            for name in needed_by(message.value()):
                self._names.add(name)


def _names(content: object) -> Iterator[str]:
    unseen = [content]
    while unseen:
        part = unseen.pop()
        if isinstance(part, dict):
            uri, sha256 = part.get("uri"), part.get("sha256")
            if isinstance(uri, str):
                yield stem(uri)
                if isinstance(sha256, str):
                    yield digits(sha256)
            unseen += part.values()
        elif isinstance(part, list):
            unseen += part
