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


def place_of(outcome: CallOutcome) -> str:
    """Return where a call stands among all calls: by when it ended, then by its identifier."""
    ended = UNKNOWN if outcome.ended_at is None else order_of(outcome.ended_at)
    return f"{ended} {outcome.call_id}"


def between(since: datetime | None, before: datetime | None) -> dict[str, str]:
    """Return bounds of a text that begins with a moment; a call without that moment is never between two."""
    if since is None and before is None:
        return {}
    return {"$gte": order_of(since) if since else EARLIEST} | ({"$lt": order_of(before)} if before else {})


def listed(since: datetime | None, before: datetime | None) -> dict[str, str]:
    """Return bounds of ``search.order``: calls that ended between two moments; without both, all that have it."""
    return between(since, before) or {"$gte": UNKNOWN}


def searchable(outcome: CallOutcome) -> dict[str, Any]:
    """Return the field ``search`` of a document whose newest outcome this is."""
    found: dict[str, Any] = {"order": place_of(outcome)}
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
