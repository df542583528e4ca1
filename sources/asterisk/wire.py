"""The Manager Interface's messages as bytes: in whatever pieces they come, and as they are sent. Pure."""

import re
from collections.abc import Iterator, Mapping

from streams.errors import TransientError

_END = b"\r\n\r\n"
_LARGEST_MESSAGE_BYTES = 1024 * 1024
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}

Message = Mapping[str, str]
"""A message's fields; of one that comes several times, ``Variable`` for example, each value is a line."""


class NotAsterisk(TransientError):
    """What answers is no Manager Interface."""


class Messages:
    """Makes messages of bytes."""

    def __init__(self) -> None:
        """Begin a connection, with its banner."""
        self._rest = b""
        self.banner: str | None = None
        """What the server called itself; None: it has not yet."""

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that are whole with these bytes.

        Raises:
            NotAsterisk: The banner is another server's, or a message has no end.
        """
        self._rest += data
        if self.banner is None:
            if b"\n" not in self._rest:
                if len(self._rest) > 1000:
                    raise _no_banner()
                return
            line, _, self._rest = self._rest.partition(b"\n")
            self.banner = line.decode(errors="replace").strip()
            if not self.banner.startswith("Asterisk Call Manager"):
                raise _no_banner()
        *whole, self._rest = self._rest.split(_END)
        if len(self._rest) > _LARGEST_MESSAGE_BYTES:
            raise NotAsterisk("a message is larger than any of Asterisk's", "Look at what is behind the address")
        for text in whole:
            if fields := _fields(text.decode(errors="replace")):
                yield fields


def action(name: str, action_id: str, **fields: str) -> bytes:
    """Return an action as it is sent.

    Raises:
        ValueError: A value holds a line break, and would be more than one field.
    """
    values = {"Action": name, "ActionID": action_id, **fields}
    if any("\r" in value or "\n" in value for value in values.values()):
        raise ValueError("a field of an action holds a line break")
    return "".join(f"{key}: {value}\r\n" for key, value in values.items()).encode() + b"\r\n"


def unescaped(value: str) -> str:
    """Return a variable's value as it is: Asterisk sends it as C writes texts."""
    return _ESCAPED.sub(lambda found: _CONTROLS.get(found[1], found[1]), value)


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in text.split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name in fields else value
    return fields


def _no_banner() -> NotAsterisk:
    return NotAsterisk("no Manager Interface answers", "Name its address and port: 5038, or 5039 for TLS")
