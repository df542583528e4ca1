"""Outcomes of one call, as many as a test needs."""

from schemas import CallOutcome, Disposition
from tests.schemas.examples import call_failed, call_lost, call_outcome


def done(outcome_id: str, call_id: str = "call-1") -> CallOutcome:
    """A category for the call."""
    return call_outcome().model_copy(update={"outcome_id": outcome_id, "call_id": call_id, "revision": 1})


def corrected(outcome_id: str, queue: str, call_id: str = "call-1") -> CallOutcome:
    """The same category for the call, once the PBX has put the queue right."""
    return done(outcome_id, call_id).model_copy(update={"queue": queue})


def failed(outcome_id: str, call_id: str = "call-1") -> CallOutcome:
    """A failure of the call."""
    return call_failed().model_copy(update={"outcome_id": outcome_id, "call_id": call_id})


def unrecorded(outcome_id: str, disposition: Disposition = "missed", call_id: str = "call-1") -> CallOutcome:
    """The call, without a recording."""
    facts = {"outcome_id": outcome_id, "call_id": call_id, "disposition": disposition}
    return call_lost().model_copy(update=facts)
