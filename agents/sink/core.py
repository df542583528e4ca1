"""What the sink decides: which outcome comes of an event."""

import json
from collections.abc import Iterator
from contextlib import suppress

from pydantic import AwareDatetime, ValidationError

from schemas import CallClassified, CallFacts, CallOutcome, CallUnrecorded, DeadLetter, Failure

_ESSENTIAL = (
    *("schema_version", "event_id", "trace_id", "call_id", "ended_at", "state", "outcome_id", "revision", "source"),
    *("label", "category", "sub_category", "confidence", "best_guess", "disposition", "provisional", "decided_at"),
    *("versions", "failure", "left_out", "lane"),
)
"""What every outcome has in any case: who, what, since when, made by what."""
_LARGE_BYTES = 4096
_NAMES, _NAME_LIMIT, _TEXT_LIMIT = 40, 50, 500


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


def unrecorded(call: CallUnrecorded, decided_at: AwareDatetime) -> CallOutcome:
    """Make the outcome of a call without a recording: no model has anything to say of it."""
    return CallOutcome.following(
        call,
        state="unrecorded",
        outcome_id=call.event_id,
        stage_seconds={hop.stage: hop.seconds for hop in call.hops},
        decided_at=decided_at,
    )


def failed(letter: DeadLetter) -> tuple[CallOutcome, ...]:
    """Make the outcomes of a call that a stage gave up, the fullest first; none where the letter names no call.

    Each says the same with less of what came from outside: the last one names the call, and nothing else of it.
    """
    if letter.is_about_a_failure:  # it has been tried, and somebody looks at it
        return ()
    if letter.is_about_an_annotation:  # the call itself has not failed
        return ()
    return tuple(_failed(letter, facts) for facts in _facts(letter))


def smaller(outcome: CallOutcome) -> CallOutcome | None:
    """Return an outcome without its large fields, for brokers that refuse it; then without all but the essential ones.

    It names what it leaves out; the document has everything. None: there is nothing left to leave out.
    """
    found = {name: value for name, value in outcome.model_dump(mode="json").items() if name not in _ESSENTIAL and value}
    large = [name for name, value in found.items() if len(json.dumps(value)) > _LARGE_BYTES]
    dropped = large or list(found)
    if not dropped:
        return None
    kept = {name: value for name, value in outcome if name not in dropped}
    if outcome.failure is not None:
        texts = {name: getattr(outcome.failure, name)[:_TEXT_LIMIT] for name in Failure.model_fields}
        kept["failure"] = Failure(**texts)
    names = (*outcome.left_out, *(name[:_NAME_LIMIT] for name in dropped))
    return CallOutcome(**kept | {"left_out": names[:_NAMES]})


def _failed(letter: DeadLetter, facts: CallFacts) -> CallOutcome:
    return CallOutcome.following(
        facts,
        event_id=letter.event_id,
        state="failed",
        outcome_id=letter.event_id,
        stage_seconds={hop.stage: hop.seconds for hop in facts.hops},
        decided_at=letter.gave_up_at,
        failure=Failure(stage=letter.stage, error_type=letter.error_type, message=letter.message, cure=letter.cure),
    )


def _facts(letter: DeadLetter) -> Iterator[CallFacts]:
    """Read what is known of the call from the message that failed, as far as that can be read, and then less."""
    call_id = letter.call_id or ""
    with suppress(ValidationError):
        read = CallFacts.model_validate_json(letter.value or b"")
        facts = CallFacts(**{name: getattr(read, name) for name in CallFacts.model_fields})
        yield facts
        yield facts.model_copy(update={"hops": (), "metadata": {}})
        call_id = facts.call_id
    with suppress(ValidationError):  # nothing that could name a call
        yield CallFacts(call_id=call_id, trace_id=letter.trace_id)
