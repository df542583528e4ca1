"""Cutting pieces out of the prepared audio. Runs in a child process."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile

from agents.transcribe.hosted.pieces import GAP_S, Piece, Place
from agents.transcribe.prepared_audio import Stretch, stretches
from agents.transcribe.span import AudioSpan

_FRAME_S = 0.03
_SEARCHED_SHARE = 0.25
"""Speech longer than a piece is cut where it is quietest in this last share of the piece."""


def cut(flac: Path, spans: Sequence[AudioSpan], longest_s: float) -> list[Piece]:
    """Cut pieces out of the prepared audio.

    Args:
        flac: The prepared audio.
        spans: Spans of one channel, one of the groups of ``jobs``.
        longest_s: Seconds of a piece at the most.

    Raises:
        UnreadableAudio: The prepared audio is damaged.
    """
    pieces = []
    parts: list[_Part] = []
    for part in (part for stretch in stretches(flac, spans) for part in _parts(stretch, longest_s)):
        if parts and sum(len(own.samples) / own.rate_hz + GAP_S for own in (*parts, part)) - GAP_S > longest_s + 0.001:
            pieces.append(_piece(parts))
            parts = []
        parts.append(part)
    return [*pieces, _piece(parts)] if parts else pieces


class _Part(NamedTuple):
    samples: npt.NDArray[np.int16]
    rate_hz: int
    call_s: float
    span: AudioSpan


def _parts(stretch: Stretch, longest_s: float) -> Iterator[_Part]:
    span, samples, rate_hz = stretch
    first, longest = 0, int(longest_s * rate_hz)
    while len(samples) - first > longest:
        length = _quietest(samples[first : first + longest], rate_hz)
        yield _Part(samples[first : first + length], rate_hz, span.start_s + first / rate_hz, span)
        first += length
    if len(samples) > first:
        yield _Part(samples[first:], rate_hz, span.start_s + first / rate_hz, span)


def _quietest(samples: npt.NDArray[np.int16], rate_hz: int) -> int:
    """Return after how many samples the quietest moment near the end lies."""
    frame = int(_FRAME_S * rate_hz)
    start = int(len(samples) * (1 - _SEARCHED_SHARE))
    frames = samples[start : start + (len(samples) - start) // frame * frame].reshape(-1, frame)
    energies = np.square(frames.astype(np.float64)).sum(axis=1)
    return start + int(energies.argmin()) * frame + frame // 2


def _piece(parts: Sequence[_Part]) -> Piece:
    rate_hz = parts[0].rate_hz
    gap = np.zeros(round(GAP_S * rate_hz), dtype=np.int16)
    places: list[Place] = []
    sound: list[npt.NDArray[np.int16]] = []
    at = 0
    for part in parts:
        if sound:
            sound.append(gap)
            at += len(gap)
        places.append(Place(at / rate_hz, part.call_s, len(part.samples) / rate_hz, part.span))
        sound.append(part.samples)
        at += len(part.samples)
    written = io.BytesIO()
    soundfile.write(written, np.concatenate(sound), rate_hz, subtype="PCM_16", format="FLAC")
    return Piece(written.getvalue(), rate_hz, tuple(places))
