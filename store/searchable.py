"""What a document holds besides the outcome, so that it is found: fields that all servers compare alike. Pure.

``search.order`` is when the call ended and its identifier in one text: it sorts a list, bounds a time, and marks where
a page ends, with one comparison and one index. ``words`` has what each speaker said (docs/api.md).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas import CallOutcome, Turn
from store.folding import fold, folded_words

_FIRST_MOMENT = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
UNKNOWN = f"{0:018d}"
"""The time of a call whose end is not known: before all others."""
EARLIEST = f"{1:018d}"
"""The first time that is known."""


def order_of(moment: datetime) -> str:
    """Return a moment as it begins the order of the calls that ended then: as text it sorts as moments do."""
    return f"{max(1, (moment - _FIRST_MOMENT) // _MICROSECOND):018d}"


def searchable(outcome: CallOutcome) -> dict[str, Any]:
    """Return the field ``search`` of a document whose newest outcome this is."""
    ended = UNKNOWN if outcome.ended_at is None else order_of(outcome.ended_at)
    found: dict[str, Any] = {"order": f"{ended} {outcome.call_id}"}
    if outcome.insights is not None:
        texts = {"service": outcome.insights.service, "brand": outcome.insights.brand}
        found |= {name: fold(text) for name, text in texts.items() if text}
        if outcome.insights.callback_at is not None:
            found["callback"] = order_of(outcome.insights.callback_at)
    return found


def words_said(turns: Sequence[Turn]) -> dict[str, list[str]]:
    """Return the field ``words``: the words of each speaker; numbers as they were said, and as digits."""
    speakers = {turn.speaker for turn in turns}
    said = {
        speaker.value: folded_words(
            text for turn in turns if turn.speaker == speaker for text in (turn.text, turn.normalised or "")
        )
        for speaker in sorted(speakers)
    }
    return {speaker: words for speaker, words in said.items() if words}
