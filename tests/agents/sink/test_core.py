"""Which outcome comes of an event, and what it does to the one that is stored."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.sink import core
from agents.sink.core import verdict
from schemas import CallOutcome
from tests.agents.sink.outcomes import corrected, done, failed
from tests.schemas.examples import (
    call_classified,
    call_ended,
    call_failed,
    call_outcome,
    call_transcribed,
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
    for name in ("provisional", "sentiment", "insights", "usage"):
        assert getattr(outcome, name) == getattr(call, name), name
    assert outcome.stage_seconds == {"pbx": 0.5, "audio": 0.5, "transcribe": 0.5, "classify": 0.5}
    assert outcome.decided_at == NOW


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
    assert said - identity == {"state", "failure", "decided_at", "provisional", "turns_withheld"}
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


def store(arrivals: list[CallOutcome]) -> tuple[list[CallOutcome], list[CallOutcome]]:
    """Play arrivals against a store in memory; gives what became of each and the history."""
    history: list[CallOutcome] = []
    became = []
    for arrival in arrivals:
        decided = verdict(history, arrival)
        if decided.is_new:
            assert decided.stored is not None
            history.append(decided.stored)
        if decided.stored is not None:
            became.append(decided.stored)
    return became, history


OUTCOMES = [done("a"), done("b"), done("c"), failed("x"), failed("y")]
CORRECTED = [*OUTCOMES, corrected("a", "first"), corrected("a", "then"), corrected("b", "then")]


def in_any_order(outcomes: list[CallOutcome]) -> st.SearchStrategy[list[CallOutcome]]:
    """All outcomes, some of them several times."""
    return st.lists(st.sampled_from(outcomes), max_size=4).flatmap(lambda more: st.permutations(outcomes + more))


arrivals = in_any_order(OUTCOMES) | in_any_order(CORRECTED)


@given(arrivals)
def test_revisions_count_up_and_a_known_outcome_makes_no_other(order: list[CallOutcome]) -> None:
    _, history = store(order)
    assert [entry.revision for entry in history] == list(range(1, len(history) + 1))
    assert len({entry.outcome_id for entry in history}) == len(history)


@given(in_any_order(OUTCOMES))
def test_every_classification_of_the_same_facts_is_a_revision(order: list[CallOutcome]) -> None:
    _, history = store(order)
    assert {entry.outcome_id for entry in history} >= {"a", "b", "c"}


@given(in_any_order(CORRECTED))
def test_facts_that_were_corrected_never_come_back(order: list[CallOutcome]) -> None:
    _, history = store(order)
    queues = [entry.queue for entry in history if entry.state == "done"]
    changes = [queue for queue, before in zip(queues, [object(), *queues], strict=False) if queue != before]
    assert len(changes) == len(set(changes)) == 3


@given(arrivals)
def test_a_failure_never_replaces_a_category(order: list[CallOutcome]) -> None:
    _, history = store(order)
    states = [entry.state for entry in history]
    assert states == sorted(states, reverse=True)  # failed before done
    assert history[-1].state == "done"


@given(arrivals)
def test_a_redelivery_changes_nothing_that_is_stored(order: list[CallOutcome]) -> None:
    _, once = store(order)
    _, twice = store(order + order)
    assert twice == once


def test_a_correction_is_the_next_revision_under_another_identifier() -> None:
    became, history = store([done("a"), corrected("a", "sales")])
    assert [outcome.revision for outcome in became] == [1, 2]
    assert became[0].outcome_id == "a" != became[1].outcome_id
    assert became[1].queue == "sales"
    assert history == became


CORRECTIONS = {
    "metadata": {"campaign": "winter"},
    "agent_id": "can",
    "queue": None,
    "caller": "+905550000099",
    "direction": "outbound",
    "ended_at": call_ended().ended_at + timedelta(seconds=1),
    "started_at": None,
    "figures": call_classified().figures.model_copy(update={"silence_s": 1.5}),
    "recording_facts": call_classified().recording_facts.model_copy(update={"duration_s": 50.0}),
    "a_field_of_tomorrow": ["yes"],
}


@pytest.mark.parametrize("name", CORRECTIONS)
def test_a_changed_fact_of_the_call_is_one_correction_however_often_it_comes(name: str) -> None:
    changed = CallOutcome.model_validate(done("a").model_dump() | {name: CORRECTIONS[name]})
    became, history = store([done("a"), changed, changed, done("a"), changed])
    assert [outcome.revision for outcome in became] == [1, 2, 2, 1, 2]
    assert getattr(became[1], name) == CORRECTIONS[name]
    assert len(history) == 2


def test_processing_details_and_a_reworded_answer_are_no_correction() -> None:
    again = done("a").model_copy(
        update={
            "hops": (),
            "stage_seconds": {},
            "decided_at": NOW,
            "event_id": "another",
            "trace_id": "0" * 32,
            "schema_version": "1.7",
            "usage": None,
            "justification": "Anders gesagt.",
            "confidence": 0.5,
            "summary": None,
        }
    )
    became, history = store([done("a"), again])
    assert became == [done("a"), done("a")]
    assert history == [done("a")]


def test_an_old_event_undoes_no_correction_after_the_call_was_classified_again() -> None:
    became, history = store([done("a"), corrected("a", "sales"), corrected("b", "sales"), done("b"), done("a")])
    assert [outcome.revision for outcome in became] == [1, 2, 3, 1]
    assert history[-1].queue == "sales"


def test_an_answer_to_a_question_from_before_a_correction_does_not_undo_it() -> None:
    """As where a call waits in the reprocessing lane while the PBX corrects it."""
    became, history = store([done("a"), corrected("a", "sales"), done("b"), corrected("b", "sales")])
    assert [(outcome.revision, outcome.queue) for outcome in became] == [
        (1, done("a").queue),
        (2, "sales"),
        (3, "sales"),
    ]
    assert history[-1].outcome_id == "b"


def test_the_transcript_of_a_stored_outcome_is_made_again() -> None:
    call = call_classified()
    again = core.transcript(core.done(call, NOW), call.turns)
    assert again is not None
    before = call_transcribed()
    for field in (
        "call_id",
        "ended_at",
        "caller",
        "metadata",
        "turns",
        "language",
        "speech_model",
        "figures",
        "recording_facts",
    ):
        assert getattr(again, field) == getattr(before, field), field
    assert [hop.stage for hop in again.hops] == ["pbx", "audio", "transcribe"]
    assert again.event_id != before.event_id
    assert core.transcript(call_failed(), ()) is None
