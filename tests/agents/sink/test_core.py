"""Which outcome comes of an event."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.sink import core
from schemas import CallOutcome, CallUnrecorded
from tests.schemas.examples import (
    call_annotated,
    call_classified,
    call_ended,
    call_failed,
    call_labelled,
    call_outcome,
    call_unheard,
    dead_letter,
)

NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


def test_a_classified_call_is_done_with_its_decision() -> None:
    call = call_classified()
    outcome = core.done(call, NOW)
    assert (outcome.state, outcome.outcome_id, outcome.revision) == ("done", call.classification_id, 1)
    for name in ("category", "sub_category", "confidence", "best_guess", "justification", "evidence", "summary"):
        assert getattr(outcome, name) == getattr(call.decision, name), name
    for name in ("call_id", "ended_at", "metadata", "versions", "figures", "recording_facts", "classifier", "hops"):
        assert getattr(outcome, name) == getattr(call, name), name
    for name in ("provisional", "sentiment", "insights", "answers", "usage"):
        assert getattr(outcome, name) == getattr(call, name), name
    assert outcome.stage_seconds == {"pbx": 0.5, "audio": 0.5, "transcribe": 0.5, "classify": 0.5}
    assert outcome.decided_at == NOW


def test_a_call_without_a_recording_has_no_category_and_no_failure() -> None:
    call = CallUnrecorded.following(call_unheard())
    outcome = core.unrecorded(call, NOW)
    assert (outcome.state, outcome.category, outcome.failure) == ("unrecorded", None, None)
    assert (outcome.disposition, outcome.queue_s, outcome.outcome_id) == ("abandoned", 12.25, call.event_id)
    for name in ("call_id", "ended_at", "metadata", "queue", "hops"):
        assert getattr(outcome, name) == getattr(call, name), name


def test_the_smallest_form_of_an_outcome_still_says_how_the_call_went() -> None:
    outcome = core.unrecorded(CallUnrecorded.following(call_unheard()), NOW)
    while (smaller := core.smaller(outcome)) is not None:
        outcome = smaller
    assert outcome.disposition == "abandoned"


def test_an_outcome_holds_no_transcript_beyond_its_evidence() -> None:
    assert "turns" not in core.done(call_classified(), NOW).model_dump()


def test_a_dead_letter_is_a_failed_call_with_the_facts_of_its_original() -> None:
    outcome = core.failed(dead_letter())[0]
    assert (outcome.state, outcome.category) == ("failed", None)
    assert outcome.failure is not None
    assert (outcome.failure.stage, outcome.failure.error_type) == ("audio", "UndecodableRecording")
    assert outcome.failure.cure == "Check the recording at its source"
    for name in ("call_id", "ended_at", "caller", "queue", "metadata", "trace_id"):
        assert getattr(outcome, name) == getattr(call_ended(), name), name
    assert outcome.decided_at == dead_letter().gave_up_at


def test_the_same_dead_letter_is_the_same_outcome() -> None:
    assert core.failed(dead_letter()) == core.failed(dead_letter())


@pytest.mark.parametrize("value", [None, b"", b"\xff\xfe", b"[]", b'{"call_id": "call-1", "ended_at": "yesterday"}'])
def test_an_unreadable_original_still_fails_visibly_under_its_call(value: bytes | None) -> None:
    [outcome] = core.failed(dead_letter().model_copy(update={"value": value, "call_id": "call-1"}))
    assert (outcome.call_id, outcome.state, outcome.ended_at) == ("call-1", "failed", None)
    assert CallOutcome.model_validate_json(outcome.model_dump_json()) == outcome


def test_a_dead_letter_of_no_call_has_no_outcome() -> None:
    assert core.failed(dead_letter().model_copy(update={"call_id": None, "value": b"?"})) == ()


@pytest.mark.parametrize("call_id", ["", "x" * 201])
def test_a_dead_letter_whose_call_cannot_be_named_raises_nothing(call_id: str) -> None:
    value = f'{{"call_id": "{call_id}"}}'.encode()
    assert core.failed(dead_letter().model_copy(update={"call_id": call_id, "value": value})) == ()


def test_a_failure_is_said_with_less_and_less_down_to_its_call_alone() -> None:
    letter = dead_letter()
    full, plain, bare = core.failed(letter)
    assert full.metadata
    assert full.hops
    assert (plain.metadata, plain.hops, plain.stage_seconds, plain.queue) == ({}, (), {}, full.queue)
    said = {name for name, value in bare.model_dump().items() if value not in (None, {}, ())}
    identity = {"call_id", "event_id", "trace_id", "schema_version", "outcome_id", "revision"}
    assert said - identity == {"state", "failure", "decided_at", "provisional", "turns_withheld", "source", "lane"}
    assert {outcome.outcome_id for outcome in (full, plain, bare)} == {letter.event_id}


def test_a_failure_whose_clock_was_set_back_is_said_with_no_seconds() -> None:
    [hop] = call_ended().hops
    back = hop.model_copy(update={"finished_at": hop.taken_at - timedelta(hours=1)})
    value = call_ended().model_copy(update={"hops": (back,)}).model_dump_json().encode()
    assert core.failed(dead_letter().model_copy(update={"value": value}))[0].stage_seconds == {hop.stage: 0.0}


def test_a_letter_about_a_dead_letter_makes_no_outcome() -> None:
    assert core.failed(dead_letter().model_copy(update={"topic": "calls.dead-letter"})) == ()


def test_an_outcome_that_is_refused_leaves_out_what_is_large_and_says_so() -> None:
    outcome = call_outcome().model_copy(update={"metadata": {"scan": "x" * 1_000_000}, "justification": "y" * 5000})
    small = core.smaller(outcome)
    assert small is not None
    assert set(small.left_out) == {"metadata", "justification"}
    kept: dict[str, object] = {"metadata": {}, "justification": None, "left_out": small.left_out}
    assert small == outcome.model_copy(update=kept)


def test_an_outcome_that_is_still_refused_says_its_decision_alone() -> None:
    outcome = CallOutcome.model_validate(call_outcome().model_dump() | {"of_a_newer_version": "z"})
    small = core.smaller(outcome)
    assert small is not None
    for name in ("call_id", "outcome_id", "revision", "state", "category", "confidence", "versions", "decided_at"):
        assert getattr(small, name) == getattr(outcome, name), name
    assert {"metadata", "evidence", "hops", "caller", "of_a_newer_version"} <= set(small.left_out)
    assert len(small.model_dump_json()) < 2000
    assert core.smaller(small) is None


@pytest.mark.parametrize("text", ["x" * 1_000_000, "ş" * 1_000_000])
def test_a_failure_of_any_size_becomes_small(text: str) -> None:
    facts = {"caller": text, "queue": text, "metadata": {text: text}, text: text}
    outcome: CallOutcome | None = CallOutcome.model_validate(
        call_failed().model_dump()
        | facts
        | {"failure": {"stage": text, "error_type": text, "message": text, "cure": text}}
    )
    forms = []
    while outcome is not None:
        forms.append(outcome)
        outcome = core.smaller(outcome)
    assert len(forms) == 3
    assert len(forms[-1].model_dump_json().encode()) < 10_000


def test_a_dead_letter_about_what_somebody_said_is_no_failure_of_the_call() -> None:
    letter = dead_letter().model_copy(
        update={"topic": "calls.annotations", "value": call_annotated().model_dump_json().encode()}
    )
    assert core.failed(letter) == ()


def test_an_outcome_that_is_too_large_still_says_that_a_person_decided() -> None:
    outcome = call_labelled().model_copy(update={"metadata": {"large": "x" * 5000}, "facts": {"note": "x" * 5000}})
    once = core.smaller(outcome)
    assert once is not None
    assert {*once.left_out} == {"metadata", "facts"}
    twice = core.smaller(once)
    assert twice is not None
    assert {"machine", "facts_at"} <= {*twice.left_out}
    assert (twice.source, twice.label, twice.category) == ("human", outcome.label, outcome.category)
