"""CloudEvents 1.0.2 on calls.outcomes, in binary mode: headers that say what a message is; key and value stay. Pure."""

from datetime import UTC, datetime
from uuid import uuid4

from schemas import CallOutcome, Event
from streams.message import Headers

TYPES = {
    "done": "io.callsift.call.classified.v1",
    "failed": "io.callsift.call.failed.v1",
    "unrecorded": "io.callsift.call.unrecorded.v1",
    "forgotten": "io.callsift.call.forgotten.v1",
}
"""Values of ce_type: by the state of an outcome, and of a tombstone."""
DESCRIPTIONS = {
    "ce_specversion": "1.0",
    "ce_type": f"What happened: {', '.join(TYPES.values())}; the last one has no value.",
    "ce_source": "/callsift, and behind it the prefix of the topics, where there is one.",
    "ce_id": "The outcome_id; of a message without a value an identifier of its own.",
    "ce_time": "When the outcome was decided, or the call forgotten (RFC 3339, UTC).",
    "ce_subject": "The call_id.",
    "content-type": "application/json; absent where there is no value.",
}
"""The headers, for the contract."""


def of_outcome(prefix: str, outcome: CallOutcome) -> Headers:
    """Return the headers of an outcome; ``prefix`` is that of the topics."""
    about = _attributes(prefix, outcome.state, outcome.outcome_id, outcome.decided_at, outcome.call_id)
    return (*about, ("content-type", b"application/json"))


def of_tombstone(prefix: str, call_id: str, now: datetime | None = None) -> Headers:
    """Return the headers of a tombstone: who reads headers alone learns of what is gone, too."""
    return _attributes(prefix, "forgotten", str(uuid4()), now or datetime.now(UTC), call_id)


def of_event(prefix: str, event: Event) -> Headers:
    """Return the headers of an event: none, unless it is an outcome."""
    return of_outcome(prefix, event) if isinstance(event, CallOutcome) else ()


def _attributes(prefix: str, kind: str, identifier: str, moment: datetime, call_id: str) -> Headers:
    source = "/".join(filter(None, ("/callsift", prefix.strip("."))))
    written = {
        "ce_specversion": "1.0",
        "ce_type": TYPES[kind],
        "ce_source": source,
        "ce_id": identifier,
        "ce_time": moment.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_subject": call_id,
    }
    return tuple((name, value.encode()) for name, value in written.items())
