"""Word error rates of a sheet, with their uncertainty, by what may matter. Pure."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jiwer

from agents.transcribe.writing import plain
from callsift.word_errors.sheet import DrawnTurn

_DRAWS = 2000
_QUIET_LUFS, _LOUD_LUFS = -35.0, -25.0


class Rate(NamedTuple):
    """A word error rate: substituted, left out and invented words, by the words that were said."""

    turns: int
    words: int
    """Words that were said."""
    rate: float
    """Can be above 1: words are invented, too."""
    interval: tuple[float, float]
    """95 % of the bootstrap's rates lie in it, whole recordings being drawn: their turns resemble each other."""


class Mistake(NamedTuple):
    """A word that is heard wrongly."""

    said: str
    heard: str
    """Empty: nothing was heard."""
    times: int


class WordErrors(NamedTuple):
    """Everything that a sheet says."""

    overall: Rate
    groups: dict[str, dict[str, Rate]]
    """By speaker, codec and loudness."""
    mistakes: tuple[Mistake, ...]
    """The most frequent first."""
    invented: int
    """Words that nobody said."""


def measured(turns: Sequence[DrawnTurn], language: str, most: int = 20) -> WordErrors:
    """Measure a sheet.

    Args:
        turns: Turns that somebody wrote down; at least one with a word in it.
        language: Of the recogniser, as a BCP 47 tag; it decides on letters.
        most: How many mistakes are named.
    """
    pairs = [(turn, plain_text(turn.said, language), plain_text(turn.heard, language)) for turn in turns]
    pairs = [pair for pair in pairs if pair[1]]
    by: dict[str, Callable[[DrawnTurn], str]] = {
        "speaker": lambda turn: turn.speaker,
        "codec": lambda turn: turn.codec,
        "loudness": lambda turn: _band(turn.loudness),
    }
    return WordErrors(
        overall=_rate(pairs),
        groups={
            name: {value: _rate(own) for value, own in sorted(_grouped(pairs, key).items())} for name, key in by.items()
        },
        mistakes=_mistakes(pairs, most),
        invented=sum(_counts(said, heard)[1].insertions for _, said, heard in pairs),
    )


_Pair = tuple[DrawnTurn, str, str]


def plain_text(text: str, language: str) -> str:
    """Return a text as Vosk writes it."""
    return " ".join(word for part in text.split() if (word := plain(part, language)))


def _band(loudness: str) -> str:
    try:
        lufs = float(loudness.split(maxsplit=1)[0])
    except (ValueError, IndexError):
        return "unknown"
    return "quiet" if lufs < _QUIET_LUFS else "loud" if lufs > _LOUD_LUFS else "usual"


def _grouped(pairs: Sequence[_Pair], key: Callable[[DrawnTurn], str]) -> dict[str, list[_Pair]]:
    groups: dict[str, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        groups[key(pair[0])].append(pair)
    return groups


def _counts(said: str, heard: str) -> tuple[int, jiwer.WordOutput]:
    output = jiwer.process_words(said, heard)
    return output.substitutions + output.deletions + output.insertions, output


def _rate(pairs: Sequence[_Pair]) -> Rate:
    of_recordings: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for turn, said, heard in pairs:
        counted = of_recordings[turn.recording]
        counted[0] += _counts(said, heard)[0]
        counted[1] += len(said.split())
    counts = list(of_recordings.values())
    words = sum(said for _, said in counts)
    chance = random.Random(7)  # noqa: S311 - nothing secret, and the same sheet gives the same interval
    drawn = sorted(_share(chance.choices(counts, k=len(counts))) for _ in range(_DRAWS))
    interval = drawn[round(0.025 * _DRAWS)], drawn[round(0.975 * _DRAWS) - 1]
    return Rate(len(pairs), words, _share(counts), interval)


def _share(counts: Sequence[Sequence[int]]) -> float:
    return sum(wrong for wrong, _ in counts) / sum(said for _, said in counts)


def _mistakes(pairs: Sequence[_Pair], most: int) -> tuple[Mistake, ...]:
    found: Counter[tuple[str, str]] = Counter()
    for _, said, heard in pairs:
        output = _counts(said, heard)[1]
        [reference], [hypothesis], [chunks] = output.references, output.hypotheses, output.alignments
        for chunk in chunks:
            if chunk.type == "substitute":
                theirs = hypothesis[chunk.hyp_start_idx : chunk.hyp_end_idx]
                found.update(zip(reference[chunk.ref_start_idx : chunk.ref_end_idx], theirs, strict=True))
            elif chunk.type == "delete":
                found.update((word, "") for word in reference[chunk.ref_start_idx : chunk.ref_end_idx])
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Mistake(said, heard, times) for (said, heard), times in ordered[:most])
