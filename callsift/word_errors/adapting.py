"""Corrections that a written sheet teaches: what is always heard as the same other words. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import jiwer

from agents.transcribe.corrections import Corrections, Phrase
from agents.transcribe.number_words import numbers
from callsift.word_errors.figures import Rate, measured, plain_text
from callsift.word_errors.sheet import DrawnTurn
from schemas import Word
from streams.errors import CallsiftError

_LONGEST = 3
"""Words of the longest phrase that is learnt; a longer one is a whole sentence that went wrong."""


class Proposal(NamedTuple):
    """A correction that the sheet teaches."""

    heard: Phrase
    meant: Phrase
    times: int
    """How often it is heard, each time wrongly."""


class Adapted(NamedTuple):
    """Corrections, and what they are worth."""

    proposals: tuple[Proposal, ...]
    """The most frequent first."""
    before: Rate
    """Word errors of the sheet as it was heard."""
    after: Rate
    """The same with corrections: in each recording those that the other recordings teach."""


def adapted(turns: Sequence[DrawnTurn], language: str, words: Collection[str], least: int) -> Adapted:
    """Learn corrections from a sheet, and measure them on recordings that they were not learnt from.

    Args:
        turns: Turns that somebody wrote down, of two recordings at least.
        language: Of the recogniser, as a BCP 47 tag; it decides on letters.
        words: The user's own words. A correction that leads to one is learnt from the first time.
        least: How often all others have to be seen.

    Raises:
        CallsiftError: All turns are of one recording.
    """
    recordings = dict.fromkeys(turn.recording for turn in turns)
    if len(recordings) < 2:
        raise CallsiftError("all turns are of one recording", "Draw them of several: callsift wer sheet")
    corrected: list[DrawnTurn] = []
    for recording in recordings:
        others = [turn for turn in turns if turn.recording != recording]
        learnt = corrections(proposed(others, language, words, least))
        corrected += [_corrected(turn, language, learnt) for turn in turns if turn.recording == recording]
    before, after = (measured(those, language).overall for those in (turns, corrected))
    return Adapted(proposed(turns, language, words, least), before, after)


def corrections(proposals: Sequence[Proposal]) -> Corrections:
    """Return proposals as the transcribe stage makes them."""
    return Corrections({proposal.heard: proposal.meant for proposal in proposals})


def proposed(turns: Sequence[DrawnTurn], language: str, words: Collection[str], least: int) -> tuple[Proposal, ...]:
    """Return what is always heard as the same other words; numbers are left alone, wrong ones are others each time."""
    pairs = [(plain_text(turn.said, language).split(), plain_text(turn.heard, language).split()) for turn in turns]
    mistaken = Counter(mistake for said, heard in pairs if said and heard for mistake in _mistakes(said, heard))
    own = {word for entry in words for word in plain_text(entry, language).split()}
    found = []
    for (heard, meant), times in mistaken.items():
        enough = 1 if own & {*meant} else least
        is_always = times == sum(_occurrences(heard, words_heard) for _, words_heard in pairs)
        if times >= enough and is_always and not numbers(" ".join((*heard, "–", *meant))):
            found.append(Proposal(heard, meant, times))
    return tuple(sorted(found, key=lambda one: (-one.times, one.heard)))


def _mistakes(said: Sequence[str], heard: Sequence[str]) -> Iterator[tuple[Phrase, Phrase]]:
    """Yield what was heard instead of what: word for word where they are as many, else as a phrase."""
    [chunks] = jiwer.process_words(" ".join(said), " ".join(heard)).alignments
    meant: list[str] = []
    wrong: list[str] = []
    for chunk in [*chunks, None]:
        if chunk is not None and chunk.type != "equal":
            meant += said[chunk.ref_start_idx : chunk.ref_end_idx]
            wrong += heard[chunk.hyp_start_idx : chunk.hyp_end_idx]
        else:
            if len(meant) == len(wrong):
                yield from (((one,), (other,)) for one, other in zip(wrong, meant, strict=True))
            elif meant and wrong and max(len(meant), len(wrong)) <= _LONGEST:
                yield tuple(wrong), tuple(meant)
            meant, wrong = [], []


def _occurrences(phrase: Phrase, words: Sequence[str]) -> int:
    return sum(tuple(words[start : start + len(phrase)]) == phrase for start in range(len(words)))


def _corrected(turn: DrawnTurn, language: str, learnt: Corrections) -> DrawnTurn:
    heard = plain_text(turn.heard, language).split()
    words = [Word(text=word, start_s=0.0, end_s=0.0, confidence=1.0) for word in heard]
    return turn._replace(heard=" ".join(word.text for word in learnt.applied(words)))
