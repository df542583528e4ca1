"""From a hosted recogniser's answer to words of the call: what is invented is left out, times are put back. Pure."""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from agents.transcribe.hosted.pieces import Piece, Place
from agents.transcribe.span import AudioSpan
from agents.transcribe.writing import plain
from schemas import Word

LIKELY_NO_SPEECH = 0.6
UNSURE_LOGPROB = -1.0
REPETITIVE = 2.4
"""The limits at which Whisper's own decoding counts a segment as silence (both of the first) or as repeating itself
(openai/whisper, whisper/transcribe.py: no_speech_threshold, logprob_threshold, compression_ratio_threshold)."""
NEAR_S = 0.2
"""A word belongs to a part of the piece when its middle is at most so far from it: recognisers' times are not exact."""


class HeardWord(NamedTuple):
    """A word as a recogniser gives it."""

    text: str
    start_s: float
    """Seconds from the start of the piece."""
    end_s: float
    """Seconds from the start of the piece."""
    confidence: float | None = None
    """0 to 1; None: the recogniser says nothing."""


class HeardSegment(NamedTuple):
    """A stretch of an answer, with what the recogniser thinks of it."""

    words: Sequence[HeardWord]
    no_speech: float | None = None
    """Probability that nobody spoke."""
    logprob: float | None = None
    """Mean logarithm of the tokens' probabilities."""


def spread(text: str, start_s: float, end_s: float, confidence: float | None = None) -> list[HeardWord]:
    """Give words without times of their own equal shares of their segment's time."""
    texts = text.split()
    each_s = (end_s - start_s) / max(1, len(texts))
    return [
        HeardWord(word, start_s + place * each_s, start_s + (place + 1) * each_s, confidence)
        for place, word in enumerate(texts)
    ]


def placed(
    segments: Iterable[HeardSegment], piece: Piece, language: str
) -> tuple[dict[AudioSpan, list[Word]], Counter[str]]:
    """Return the words of an answer on the call's clock, by span, and how many were left out, by rule.

    Left out are segments that are silence or repeat themselves, and words where no speech was sent.
    """
    words: dict[AudioSpan, list[Word]] = {place.span: [] for place in piece.places}
    dropped: Counter[str] = Counter()
    for segment in segments:
        if (rule := _invented(segment)) is not None:
            dropped[rule] += len(segment.words)
            continue
        for heard in segment.words:
            place = _place(heard, piece.places)
            if place is None:
                dropped["outside_speech"] += 1
            else:
                words[place.span] += _words(heard, place, language)
    return words, dropped


def _invented(segment: HeardSegment) -> str | None:
    if (segment.no_speech or 0.0) > LIKELY_NO_SPEECH and (segment.logprob or 0.0) < UNSURE_LOGPROB:
        return "no_speech"
    said = " ".join(word.text for word in segment.words).encode()
    # measured here, as Whisper does, since not every server says it, and some say it of something else
    return "repetition" if said and len(said) / len(zlib.compress(said)) > REPETITIVE else None


def _place(heard: HeardWord, places: Sequence[Place]) -> Place | None:
    middle_s = (heard.start_s + heard.end_s) / 2

    def distance_s(place: Place) -> float:
        return max(place.piece_s - middle_s, middle_s - place.piece_s - place.seconds, 0.0)

    nearest = min(places, key=distance_s)
    return nearest if distance_s(nearest) <= NEAR_S else None


def _words(heard: HeardWord, place: Place, language: str) -> Iterator[Word]:
    texts = [text for part in heard.text.split() if (text := plain(part, language))]
    first_s, last_s = place.call_s, place.call_s + place.seconds
    earlier_s = place.call_s - place.piece_s
    start_s = min(max(heard.start_s + earlier_s, first_s), last_s)
    end_s = min(max(heard.end_s + earlier_s, start_s), last_s)
    for word in spread(" ".join(texts), start_s, end_s):
        yield Word(
            text=word.text,
            start_s=round(word.start_s, 3),
            end_s=round(word.end_s, 3),
            confidence=1.0 if heard.confidence is None else min(1.0, max(0.0, heard.confidence)),
        )
