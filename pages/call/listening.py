"""A call's sound and words, and nothing of what anybody thinks of it: what its page and the review show. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from api.calls.reading import Transcript
from pages.confidence import UNSURE_WORD
from schemas import SIDES, CallOutcome, Speaker, Turn


@dataclass(frozen=True)
class SaidWord:
    """One word of a turn."""

    text: str
    unsure: float | None = None
    """How sure the recogniser was, where that is little; else None."""


@dataclass(frozen=True)
class SaidTurn:
    """One turn of the transcript."""

    speaker: Speaker
    start_s: float
    end_s: float
    words: tuple[SaidWord, ...]


@dataclass(frozen=True)
class Sound:
    """Whether the call can be heard."""

    state: Literal["there", "gone", "none", "no_right"]
    until: datetime | None = None
    """Until when it is kept at least; None: for ever, or nobody may know."""


@dataclass(frozen=True)
class Listening:
    """A call's sound and words, and nothing of what anybody thinks of it."""

    turns: Sequence[SaidTurn]
    withheld: int
    """Turns that say nothing, because the redaction failed on them."""
    lanes: Sequence[Speaker]
    """Whose sound is on the channels, in their order."""
    sound: Sound


def listening(outcome: CallOutcome, said: Transcript, sound: Sound) -> Listening:
    """Return what can be heard and read of a call."""
    layout = outcome.recording_facts.channel_layout if outcome.recording_facts else None
    lanes = (Speaker.UNDIVIDED,) if layout in {"mono", "duplicated_mono"} else SIDES
    return Listening([_turn(turn) for turn in said.turns], said.turns_withheld, lanes, sound)


def _turn(turn: Turn) -> SaidTurn:
    words = tuple(SaidWord(one.text, one.confidence if one.confidence < UNSURE_WORD else None) for one in turn.words)
    is_whole = " ".join(word.text for word in words) == turn.text
    return SaidTurn(turn.speaker, turn.start_s, turn.end_s, words if is_whole else (SaidWord(turn.text),))
