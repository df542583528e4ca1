"""What is too old to be kept, and still may not go because an event needs it: plain functions, without any store."""

import json
import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import NamedTuple

from streams.payloads.claim_check import Entry


class Sorted(NamedTuple):
    """What lies in one folder of the store, sorted out."""

    looked_at: int
    """How much there is."""
    pending: tuple[Entry, ...]
    """What is old, and is kept because an event that nobody has acknowledged names it."""
    expired: tuple[Entry, ...]
    """What is to be removed."""


def cut_off(now: datetime, days: float) -> datetime | None:
    """Return the moment before which everything is too old; None where ``days`` is 0 and everything is kept."""
    return now - timedelta(days=days) if days else None


def old(entries: Iterable[Entry], before: datetime) -> list[Entry]:
    """Return what was written before a moment."""
    return [entry for entry in entries if entry.modified_at < before]


def sort_out(entries: Iterable[Entry], before: datetime, needed: AbstractSet[str]) -> Sorted:
    """Decide what goes: what was written before ``before``, unless ``needed`` (from ``names``) has it."""
    everything = list(entries)
    pending: list[Entry] = []
    expired: list[Entry] = []
    for entry in old(everything, before):
        (pending if _stem(entry.name) in needed else expired).append(entry)
    return Sorted(len(everything), tuple(pending), tuple(expired))


def names(value: bytes | None) -> frozenset[str]:
    """Return what a message needs of the store, in the words that ``sort_out`` compares.

    Every claim check counts, wherever it stands in the message: a newer producer may have put one into a field that
    this version does not know. A payload is needed by its name, whatever the store's address was when it was written,
    and by its SHA-256, after which the checkpoints of the work on it are named.
    """
    try:
        content = json.loads(value or b"null")
    except (ValueError, RecursionError):  # it will be a dead letter, and nothing can be fetched for it
        return frozenset()
    return frozenset(name for uri, sha256 in _claims(content) for name in (_stem(uri), sha256[:_DIGEST_LENGTH]) if name)


_DIGEST_LENGTH = 32
"""Hexadecimal digits by which checkpoints are named after the audio that they are of."""


def _stem(address: str) -> str:
    """Return the part of a name by which things belong together: ``decoded/<stem>-<model>.json``, ``<stem>.flac``."""
    return re.split(r"[-.]", address.rsplit("/", 1)[-1], maxsplit=1)[0]


def _claims(content: object) -> Iterator[tuple[str, str]]:
    unseen = [content]
    while unseen:
        part = unseen.pop()
        if isinstance(part, dict):
            uri, sha256 = part.get("uri"), part.get("sha256")
            if isinstance(uri, str) and isinstance(sha256, str):
                yield uri, sha256
            unseen += part.values()
        elif isinstance(part, list):
            unseen += part
