"""What the sink decides: which outcome comes of an event, and what it does to the one that is stored."""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import AwareDatetime, ValidationError

from schemas import CallClassified, CallFacts, CallOutcome, DeadLetter, Failure


class Verdict(NamedTuple):
    """What to do with an outcome."""

    outcome: CallOutcome | None
    """The outcome to publish, with its revision; None: nothing."""
    is_new: bool
    """Whether it has to be stored before."""


def done(call: CallClassified, decided_at: AwareDatetime) -> CallOutcome:
    """Make the outcome of a classified call."""
    decision = call.decision
    return CallOutcome.following(
        call,
        state="done",
        outcome_id=call.classification_id,
        category=decision.category,
        sub_category=decision.sub_category,
        confidence=decision.confidence,
        best_guess=decision.best_guess,
        justification=decision.justification,
        evidence=decision.evidence,
        summary=decision.summary,
        stage_seconds={hop.stage: hop.seconds for hop in call.hops},
        decided_at=decided_at,
    )


def failed(letter: DeadLetter) -> CallOutcome | None:
    """Make the outcome of a call that a stage gave up; None where nothing tells which call it was."""
    facts = _facts(letter) if letter.call_id else None
    if facts is None:
        return None
    failure = Failure(stage=letter.stage, error_type=letter.error_type, message=letter.message, cure=letter.cure)
    return CallOutcome.following(
        facts,
        event_id=letter.event_id,
        state="failed",
        outcome_id=letter.event_id,
        stage_seconds={hop.stage: hop.seconds for hop in letter.hops},
        decided_at=letter.gave_up_at,
        failure=failure,
    )


def verdict(history: Sequence[CallOutcome], outcome: CallOutcome) -> Verdict:
    """Decide what an outcome does to a call whose earlier outcomes are ``history``, oldest first.

    A known outcome is a redelivery: the newest one is published again, since compaction keeps what was published last.
    A new one gets the next revision. A failure never replaces a category.
    """
    if any(known.outcome_id == outcome.outcome_id for known in history):
        return Verdict(history[-1], is_new=False)
    if history and outcome.state == "failed" and history[-1].state == "done":
        return Verdict(None, is_new=False)
    revision = history[-1].revision + 1 if history else 1
    return Verdict(outcome.model_copy(update={"revision": revision}), is_new=True)


def _facts(letter: DeadLetter) -> CallFacts | None:
    """Read what is known of the call from the message that failed, as far as that can be read."""
    try:
        facts = CallFacts.model_validate_json(letter.value or b"")
        return CallFacts(**{name: getattr(facts, name) for name in CallFacts.model_fields})
    except ValidationError:
        pass
    try:
        return CallFacts(call_id=letter.call_id or "", trace_id=letter.trace_id)
    except ValidationError:  # nothing that could name a call
        return None
