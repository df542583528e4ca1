"""Reading stretches of the prepared audio. Runs in a child process."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile

from agents.transcribe.span import AudioSpan
from streams.errors import PermanentError

_READ_ON_S = 2.0
"""A gap between two spans up to this length is read rather than skipped: finding a place in FLAC costs as much."""


class UnreadableAudio(PermanentError):
    """The prepared audio is no whole FLAC file with the channels that the event names."""


class Stretch(NamedTuple):
    """What was read of a span."""

    span: AudioSpan
    samples: npt.NDArray[np.int16]
    """One channel."""
    sample_rate_hz: int


def stretches(flac: Path, spans: Sequence[AudioSpan]) -> Iterator[Stretch]:
    """Read spans of the prepared audio, and nothing else of it.

    Args:
        flac: The prepared audio.
        spans: What to read, in order of time.

    Raises:
        UnreadableAudio: The prepared audio is damaged.
    """
    try:
        with soundfile.SoundFile(flac) as audio:
            for together in _near_each_other(spans):
                yield from _read(audio, together)
    except (soundfile.LibsndfileError, IndexError):  # no FLAC, not to its end, or without the channel
        raise UnreadableAudio(
            f"prepared audio of {flac.stat().st_size} bytes is not the FLAC it should be",
            "Replay the call-ended event so that it is made again",
        ) from None


def _read(audio: soundfile.SoundFile, spans: Sequence[AudioSpan]) -> Iterator[Stretch]:
    rate_hz = audio.samplerate
    first = round(spans[0].start_s * rate_hz)
    end = round(max(span.end_s for span in spans) * rate_hz)
    audio.seek(first)
    block = audio.read(end - first, dtype="int16", always_2d=True)
    for span in spans:
        own = slice(round(span.start_s * rate_hz) - first, round(span.end_s * rate_hz) - first)
        yield Stretch(span, block[own, span.channel], rate_hz)


def _near_each_other(spans: Sequence[AudioSpan]) -> list[list[AudioSpan]]:
    groups: list[list[AudioSpan]] = []
    end_s = 0.0
    for span in spans:
        if groups and span.start_s - end_s <= _READ_ON_S:
            groups[-1].append(span)
            end_s = max(end_s, span.end_s)
        else:
            groups.append([span])
            end_s = span.end_s
    return groups
