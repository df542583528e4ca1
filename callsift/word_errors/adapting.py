"""Corrections that a written sheet teaches: names that are heard as the same other words. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import jiwer

from agents.transcribe.corrections import Corrections, Phrase
from agents.transcribe.languages import language_of
from callsift.word_errors.figures import Rate, measured, plain_text
from callsift.word_errors.sheet import DrawnTurn
from schemas import Word
from streams.errors import CallsiftError

_LONGEST = 4
"""Words of the longest phrase that is learnt; a longer one is a whole sentence that went wrong."""


class Proposal(NamedTuple):
    """A correction that the sheet teaches."""

    heard: Phrase
    meant: Phrase
    times: int
    """How often it was heard for that."""


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
    """Return what is heard for the same other words and never rightly; a wrong number is another one each time."""
    pairs = [(plain_text(turn.said, language).split(), plain_text(turn.heard, language).split()) for turn in turns]
    stretches = [stretch for said, heard in pairs if said and heard for stretch in _stretches(said, heard)]
    right = [heard for meant, heard in stretches if meant == heard]
    mistaken = Counter(mistake for meant, heard in stretches if meant != heard for mistake in _mistakes(meant, heard))
    meanings = Counter(heard for heard, _ in mistaken)
    own = {word for entry in words for word in plain_text(entry, language).split()}
    found = []
    for (heard, meant), times in mistaken.items():
        enough = 1 if own & {*meant} else least
        is_certain = meanings[heard] == 1 and not any(_holds(one, heard) for one in right)
        if times >= enough and is_certain and not any(_has_a_number(phrase, language) for phrase in (heard, meant)):
            found.append(Proposal(heard, meant, times))
    return tuple(sorted(found, key=lambda one: (-one.times, one.heard)))


def _stretches(said: Sequence[str], heard: Sequence[str]) -> Iterator[tuple[Phrase, Phrase]]:
    """Yield what was meant and what was heard, in stretches that are right or wrong by turns."""
    [chunks] = jiwer.process_words(" ".join(said), " ".join(heard)).alignments
    for _, group in groupby(chunks, key=lambda chunk: chunk.type == "equal"):
        own = [*group]
        meant = said[own[0].ref_start_idx : own[-1].ref_end_idx]
        yield tuple(meant), tuple(heard[own[0].hyp_start_idx : own[-1].hyp_end_idx])


def _mistakes(meant: Phrase, heard: Phrase) -> Iterator[tuple[Phrase, Phrase]]:
    """Yield what of a wrong stretch can be learnt: word for word where they are as many, else a phrase."""
    if len(meant) == len(heard):
        yield from (((wrong,), (word,)) for wrong, word in zip(heard, meant, strict=True) if wrong != word)
    elif meant and heard and max(len(meant), len(heard)) <= _LONGEST:
        yield heard, meant


def _has_a_number(words: Phrase, language: str) -> bool:
    text, normalised = " ".join(words), language_of(language).normalised
    return normalised is not None and normalised(text) != text


def _holds(words: Phrase, phrase: Phrase) -> bool:
    return any(words[start : start + len(phrase)] == phrase for start in range(len(words)))


def _corrected(turn: DrawnTurn, language: str, learnt: Corrections) -> DrawnTurn:
    heard = plain_text(turn.heard, language).split()
    words = [Word(text=word, start_s=0.0, end_s=0.0, confidence=1.0) for word in heard]
    return turn._replace(heard=" ".join(word.text for word in learnt.applied(words)))
