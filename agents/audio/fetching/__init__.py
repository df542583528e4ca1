"""Fetching recordings from addresses that came from outside (docs/fetching.md)."""

from agents.audio.fetching.errors import (
    RecordingGone,
    RecordingMissing,
    RecordingRefused,
    RecordingTooLarge,
    RecordingUnreachable,
)
from agents.audio.fetching.fetcher import Fetcher
from streams.host_guard import AddressNotAllowed, UnknownAddress

__all__ = [
    "AddressNotAllowed",
    "Fetcher",
    "RecordingGone",
    "RecordingMissing",
    "RecordingRefused",
    "RecordingTooLarge",
    "RecordingUnreachable",
    "UnknownAddress",
]
