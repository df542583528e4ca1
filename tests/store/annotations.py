"""What people say of the call of tests/store/outcomes.py."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas import CallAnnotated, Drawn, Label, LeafName

FIRST = datetime(2026, 11, 2, 9, tzinfo=UTC)


def label(label_id: str, seen: int, leaf: str = "complaint", call_id: str = "call-1", **fields: Any) -> CallAnnotated:
    """A label that was given to a revision; fields of the label besides."""
    said: dict[str, Any] = {
        "revision_seen": seen,
        "taxonomy_version": "1.0",
        "drawn": Drawn(by="random", p=0.02, stratum="uncertain", frame="2026-10-01/2026-10-31", seed=7),
        "blind": True,
        "first": LeafName(category="empty_call"),
        "final": LeafName(category="unnecessary_call", sub_category=leaf),
        "cause": "misread",
        "note": "He says it himself.",
        "seconds": 41.5,
    }
    return _of(call_id, label_id, FIRST, label=Label(**said | fields))


def facts(facts_id: str, minute: int = 0, call_id: str = "call-1", **said: Any) -> CallAnnotated:
    """What became of the call, told at a minute."""
    return _of(call_id, facts_id, FIRST + timedelta(minutes=minute), facts=said)


def _of(call_id: str, name: str, at: datetime, **said: Any) -> CallAnnotated:
    return CallAnnotated(event_id=name, trace_id="0" * 31 + "1", call_id=call_id, who="ann", at=at, **said)
