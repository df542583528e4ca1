"""The folders of the audio store and how things in them are named, for whoever writes, reads or removes them."""

import hashlib
import re
from typing import NamedTuple

_DIGITS = 32


class Folder(NamedTuple):
    """A folder under the store's root. Every file in it begins with the digits of a SHA-256, and a suffix follows."""

    name: str
    holds: str
    """What lies in it, as people are told."""

    def file(self, sha256: str, suffix: str) -> str:
        """Return the name of a file in it; ``suffix`` begins with a dot or a hyphen."""
        return f"{self.name}/{digits(sha256)}{suffix}"

    def of_call(self, call_id: str, suffix: str) -> str:
        """Return the name of a file of one call: all of them begin alike, so that a call can be forgotten."""
        return self.file(hashlib.sha256(call_id.encode()).hexdigest(), suffix)

    def of_operation(self, operation_id: str, suffix: str) -> str:
        """Return the name of what a piece of long work made."""
        return self.of_call(operation_id, suffix)

    def beginning(self, call_id: str) -> str:
        """Return how the names of all files of one call begin."""
        return self.of_call(call_id, "")

    def has_made(self, name: str) -> bool:
        """Tell whether ``file`` makes such names: what others have put there is theirs to remove."""
        return re.match(rf"{self.name}/[0-9a-f]{{{_DIGITS}}}([.-]|$)", name) is not None


RECORDINGS = Folder("recordings", "recordings")
PREPARED = Folder("prepared", "prepared audio")
LISTENING = Folder("listening", "copies to listen to")
DECODED = Folder("decoded", "decoded segments")
TURNS = Folder("turns", "turns of large transcripts")
EXPORTS = Folder("exports", "exports")
FOLDERS = (RECORDINGS, PREPARED, LISTENING, DECODED, TURNS, EXPORTS)
"""All of them: ``callsift retention run`` removes what is old in each."""


def digits(sha256: str) -> str:
    """Return the digits by which things are named after what they are, or are made of."""
    return sha256[:_DIGITS]


def stem(address: str) -> str:
    """Return the digits in a name or an address, up to its first dot or hyphen: by them things belong together."""
    return re.split(r"[-.]", address.rsplit("/", 1)[-1], maxsplit=1)[0]
