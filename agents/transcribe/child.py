"""What the transcribe stage runs in its child processes. Light to import: Vosk is loaded in the children alone."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from agents.transcribe.span import AudioSpan
from schemas import Word
from streams.errors import SettingsError

if TYPE_CHECKING:
    from agents.transcribe.hosted.pieces import Piece

MODULES = ("agents.transcribe.child", "agents.transcribe.recognise", "agents.transcribe.hosted.cutting")
"""What the functions here import."""


def load(folder: Path) -> None:
    """Load a model, once per process.

    Raises:
        SettingsError: There is no model in the folder.
    """
    from agents.transcribe import recognise as recognition  # noqa: PLC0415 - not in the worker

    recognition.load_model(folder)


def load_if_there(folder: Path) -> None:
    """Load a model; where there is none, ``load`` says so later, with the cure."""
    with suppress(SettingsError):
        load(folder)


def load_nothing() -> None:
    """Load no model: other engines recognise every call."""


def recognise(flac: Path, spans: Sequence[AudioSpan], folder: Path) -> tuple[list[list[Word]], float]:
    """Return the words, and the seconds that it took here: outside, jobs wait for a child as well."""
    from agents.transcribe import recognise as recognition  # noqa: PLC0415 - as above

    started = time.monotonic()
    return recognition.recognise(flac, spans, folder), time.monotonic() - started


def cut(flac: Path, spans: Sequence[AudioSpan], longest_s: float) -> "list[Piece]":
    """Cut pieces for a hosted recogniser out of the prepared audio; see ``cutting.cut``."""
    from agents.transcribe.hosted import cutting  # noqa: PLC0415 - as above

    return cutting.cut(flac, spans, longest_s)
