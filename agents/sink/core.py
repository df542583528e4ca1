"""What the sink decides: which outcome comes of an event, and what it does to the one that is stored."""

import hashlib
import json
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from pydantic import AwareDatetime, ValidationError

from schemas import CallClassified, CallFacts, CallOutcome, CallTranscribed, DeadLetter, Event, Failure, Turn

_BEFORE = {"pbx", "audio", "transcribe"}
"""The stages, and the PBX before them, that a transcript comes from."""
_ESSENTIAL = (
    *("schema_version", "event_id", "trace_id", "call_id", "ended_at", "state", "outcome_id", "revision", "category"),
    *("sub_category", "confidence", "best_guess", "provisional", "decided_at", "versions", "failure", "left_out"),
)
"""What every outcome has in any case: who, what, since when, made by what."""
_LARGE_BYTES = 4096
_NAMES, _NAME_LIMIT, _TEXT_LIMIT = 40, 50, 500


class Verdict(NamedTuple):
    """What to do with an outcome."""

    stored: CallOutcome | None
    """The outcome as the store has it then, with its revision; None: there is nothing to publish."""
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


def failed(letter: DeadLetter) -> tuple[CallOutcome, ...]:
    """Make the outcomes of a call that a stage gave up, the fullest first; none where the letter names no call.

    Each says the same with less of what came from outside: the last one names the call, and nothing else of it.
    """
    if letter.is_about_a_failure:  # it has been tried, and somebody looks at it
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


def transcript(outcome: CallOutcome, turns: tuple[Turn, ...]) -> CallTranscribed | None:
    """Make again the transcript that a stored outcome rests on; None where the call has none, because it failed."""
    if outcome.versions is None or outcome.recording_facts is None or outcome.figures is None:
        return None
    return CallTranscribed.following(
        outcome,
        hops=tuple(hop for hop in outcome.hops if hop.stage in _BEFORE),
        turns=turns,
        turns_claim=None,
        language=outcome.language or "und",
        speech_model=outcome.versions.speech_model,
    )


def _subscribers_facts(outcome: CallOutcome) -> str:
    """Return what a subscriber sees of the call itself, unknown fields included.

    Left out is what says when and how it was worked on, and the classifier's answer: asked again, a model may word it
    differently, and that corrects nothing.
    """
    of_the_call = CallFacts.model_fields.keys() - Event.model_fields.keys() | (outcome.model_extra or {}).keys()
    of_the_recording = {"recording_facts", "figures", "language", "transcript_confidence"}
    return json.dumps(outcome.model_dump(mode="json", include=of_the_call | of_the_recording), sort_keys=True)


def verdict(history: Sequence[CallOutcome], outcome: CallOutcome) -> Verdict:
    """Decide what an outcome does to a call whose earlier outcomes are ``history``, oldest first.

    A known outcome is a redelivery, and stays what it is. A new one gets the next revision, and so does a known one
    with facts that the call has never had, under an identifier of its own. Nothing comes of facts that have been
    corrected since, nor of a failure after a category.
    """
    if not history:
        return Verdict(outcome.model_copy(update={"revision": 1}), is_new=True)
    newest, known = history[-1], {entry.outcome_id: entry for entry in history}
    facts = _subscribers_facts(outcome)
    had = [_subscribers_facts(entry) for entry in history if entry.state == "done"]
    correction = hashlib.sha256(f"{outcome.outcome_id}:{facts}".encode()).hexdigest()[:32]
    own = known.get(correction) or known.get(outcome.outcome_id)
    if own is not None and (own.state == "failed" or facts == _subscribers_facts(own)):
        return Verdict(own, is_new=False)
    if facts in had and (own is not None or facts != had[-1]):  # asked about before the correction, answered after it
        return Verdict(None, is_new=False)
    if outcome.state == "failed" and newest.state == "done":
        return Verdict(None, is_new=False)
    if own is not None:
        outcome = outcome.model_copy(update={"outcome_id": correction})
    return Verdict(outcome.model_copy(update={"revision": newest.revision + 1}), is_new=True)


def due(newest: CallOutcome, confirmed: Container[int], stored: CallOutcome) -> CallOutcome | None:
    """Decide what has to be published for an outcome that is ``stored``, given the call's ``newest`` one.

    Nothing, if the broker has ``confirmed`` its revision. Else the newest: whether the own one was published is not
    known, and if it was, then perhaps after the newest, which compaction would forget.
    """
    return None if stored.revision in confirmed else newest


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
