"""Fetching recordings from addresses that came from outside (docs/fetching.md)."""

from agents.audio.fetching.errors import (
    AddressNotAllowed,
    RecordingGone,
    RecordingMissing,
    RecordingRefused,
    RecordingTooLarge,
    RecordingUnreachable,
    UnknownAddress,
)
from agents.audio.fetching.fetcher import Fetcher

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
