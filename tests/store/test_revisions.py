"""What an outcome does to the ones that are stored of its call."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.sink import core as sink
from schemas import CallOutcome
from store.revisions import transcript, verdict
from tests.schemas.examples import call_classified, call_ended, call_failed, call_transcribed
from tests.store.outcomes import corrected, done, failed, unrecorded

NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


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
            "lane": "backfill",
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
    again = transcript(sink.done(call, NOW), call.turns)
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
    assert transcript(call_failed(), ()) is None


def test_a_category_is_not_replaced_by_the_word_that_there_is_no_recording() -> None:
    became, history = store([done("a"), unrecorded("u"), done("b")])
    assert [entry.outcome_id for entry in history] == ["a", "b"]
    assert became == history


def test_a_recording_that_comes_late_makes_the_next_revision() -> None:
    _, history = store([unrecorded("u"), failed("x"), done("a"), unrecorded("u")])
    assert [(entry.outcome_id, entry.revision) for entry in history] == [("u", 1), ("x", 2), ("a", 3)]


def test_how_a_call_went_can_be_corrected_and_a_repetition_changes_nothing() -> None:
    _, history = store([unrecorded("u"), unrecorded("u", "voicemail"), unrecorded("u"), unrecorded("u", "voicemail")])
    assert [entry.disposition for entry in history] == ["missed", "voicemail"]
    assert len({entry.outcome_id for entry in history}) == 2


@given(st.permutations([unrecorded("u"), done("a"), done("b"), unrecorded("u", "busy"), failed("x")]))
def test_a_call_with_a_category_keeps_one_in_whatever_order_the_rest_comes(order: list[CallOutcome]) -> None:
    _, history = store(order)
    assert history[-1].state == "done"


def of_versions(outcome_id: str, taxonomy: str) -> CallOutcome:
    """A category for the call under a taxonomy."""
    outcome = done(outcome_id)
    assert outcome.versions is not None
    return outcome.model_copy(update={"versions": outcome.versions.model_copy(update={"taxonomy": taxonomy})})


def test_an_earlier_version_that_is_put_to_use_again_makes_the_next_revision_and_a_redelivery_none() -> None:
    history: list[CallOutcome] = []
    lane: list[tuple[CallOutcome, str | None]] = [(of_versions("a", "1"), None)]
    for outcome_id, taxonomy in (("b", "2"), ("a", "1"), ("b", "2"), ("b", "2"), ("a", "1")):
        for outcome, previous in lane:  # all that has ever come comes again
            decided = verdict(history, outcome, previous=previous)
            assert decided.stored is not None
            history += [decided.stored] if decided.is_new else []
        lane.append((of_versions(outcome_id, taxonomy), history[-1].outcome_id))
    assert [entry.versions and entry.versions.taxonomy for entry in history] == ["1", "2", "1", "2"]
    assert [entry.revision for entry in history] == [1, 2, 3, 4]
    assert len({entry.outcome_id for entry in history}) == 4


def test_an_earlier_version_replaces_nothing_that_came_while_it_was_in_the_lane() -> None:
    history = [of_versions("a", "1"), of_versions("b", "2"), of_versions("c", "3").model_copy(update={"revision": 3})]
    assert verdict(history, of_versions("a", "1"), previous="b").is_new is False
    assert verdict(history, of_versions("a", "1"), previous="c").is_new is True
