"""What people's labels and facts do to the outcomes of a call, and what a machine's later outcome leaves of them."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import CallAnnotated, CallOutcome, MachineAnswer
from store.annotations import annotated
from store.labels import stored_label
from store.revisions import Verdict, transcript, verdict
from tests.schemas.examples import call_classified
from tests.store.annotations import FIRST, facts, label
from tests.store.outcomes import corrected, done, failed, unrecorded

Arrival = CallOutcome | CallAnnotated | tuple[CallOutcome, str]
"""A machine's outcome, what somebody says, or an outcome with the label that it supersedes."""


def judged(history: Sequence[CallOutcome], arrival: Arrival) -> Verdict:
    if isinstance(arrival, CallAnnotated):
        return annotated(history, arrival)
    return verdict(history, *arrival) if isinstance(arrival, tuple) else verdict(history, arrival)


def store(*arrivals: Arrival) -> list[CallOutcome]:
    """Play arrivals against a store in memory; gives the history."""
    history: list[CallOutcome] = []
    for arrival in arrivals:
        decided = judged(history, arrival)
        if decided.is_new:
            assert decided.stored is not None
            assert CallOutcome.model_validate_json(decided.stored.model_dump_json()) == decided.stored
            history.append(decided.stored)
    return history


def leaf(outcome: CallOutcome) -> tuple[str | None, str | None]:
    return outcome.category, outcome.sub_category


COMPLAINT, RESEARCH = ("unnecessary_call", "complaint"), ("unnecessary_call", "price_research")
MACHINE = done("a")
OTHER = done("b").model_copy(update={"category": "empty_call", "sub_category": None, "confidence": 0.4})


def test_a_label_is_the_next_revision_and_the_machines_answer_stays_beside_it() -> None:
    before, after = store(MACHINE, label("l1", 1))
    assert (after.revision, after.outcome_id, after.source, leaf(after)) == (2, "l1", "human", COMPLAINT)
    assert after.label is not None
    assert (after.label.label_id, after.label.at) == ("l1", FIRST)
    answer = {name: getattr(before, name) for name in MachineAnswer.model_fields}
    assert after.machine == MachineAnswer(**answer)
    assert (after.confidence, after.best_guess, after.justification, after.evidence) == (None, None, None, ())
    assert after.event_id not in {before.event_id, "l1"}
    changed = {*MachineAnswer.model_fields, "machine", "label", "source", "outcome_id", "revision", "event_id"}
    for name in CallOutcome.model_fields.keys() - changed:
        assert getattr(after, name) == getattr(before, name), name


def test_how_long_a_document_is_kept_goes_by_the_machines_decision() -> None:
    assert store(MACHINE, label("l1", 1), facts("f1", value=1))[-1].decided_at == MACHINE.decided_at


def test_a_label_that_agrees_with_the_machine_is_a_persons_all_the_same() -> None:
    after = store(MACHINE, label("l1", 1, "price_research"))[-1]
    assert (after.revision, after.source, leaf(after)) == (2, "human", RESEARCH)


def test_a_label_that_comes_again_changes_nothing_and_is_returned_to_be_published() -> None:
    history = store(MACHINE, label("l1", 1), label("l1", 1), label("l1", 1))
    assert len(history) == 2
    assert annotated(history, label("l1", 1)) == Verdict(history[1], is_new=False)
    renewed = store(MACHINE, label("l1", 1), OTHER, label("l1", 1))
    assert annotated(renewed, label("l1", 1)) == Verdict(renewed[1], is_new=False)
    assert len(renewed) == 3


@pytest.mark.parametrize("seen", [1, 3])
def test_a_label_of_another_revision_than_the_newest_is_refused(seen: int) -> None:
    history = store(MACHINE, OTHER)
    assert annotated(history, label("l1", seen)) == Verdict(None, is_new=False, is_refused=True)


def test_of_two_labels_of_one_revision_the_first_holds() -> None:
    history = store(MACHINE, label("l1", 1), label("l2", 1, "price_research"))
    assert [entry.outcome_id for entry in history] == ["a", "l1"]
    assert annotated(history, label("l2", 1)).is_refused


def test_a_second_label_that_saw_the_first_replaces_it_and_keeps_the_machines_answer() -> None:
    history = store(MACHINE, label("l1", 1), label("l2", 2, "price_research"))
    assert (history[-1].label and history[-1].label.label_id, leaf(history[-1])) == ("l2", RESEARCH)
    assert history[-1].machine == history[-2].machine


@pytest.mark.parametrize("annotation", [label("l1", 1), facts("f1", job_booked=True)])
def test_what_is_said_of_a_call_without_an_outcome_is_refused(annotation: CallAnnotated) -> None:
    assert annotated([], annotation) == Verdict(None, is_new=False, is_refused=True)


def test_a_measurement_changes_no_outcome_and_may_be_of_an_older_revision() -> None:
    history = store(MACHINE, OTHER)
    for seen, is_refused in ((1, False), (2, False), (3, True)):
        measured = annotated(history, label("m1", seen, decides=False))
        assert measured == Verdict(None, is_new=False, is_refused=is_refused)


def test_a_person_may_label_a_call_that_failed_and_a_failure_does_not_undo_it() -> None:
    history = store(failed("x"), label("l1", 1), failed("y"))
    assert [(entry.state, leaf(entry)) for entry in history] == [("failed", (None, None)), ("done", COMPLAINT)]
    assert (history[-1].failure, history[-1].machine) == (None, None)
    mended = store(failed("x"), label("l1", 1), MACHINE)[-1]
    assert (mended.source, leaf(mended)) == ("human", COMPLAINT)
    assert mended.machine is not None
    assert mended.figures == MACHINE.figures


def test_a_machines_later_outcome_keeps_the_persons_category_and_renews_its_own_answer() -> None:
    after = store(MACHINE, label("l1", 1), OTHER)[-1]
    assert (after.revision, after.outcome_id, after.source, leaf(after)) == (3, "b", "human", COMPLAINT)
    assert after.label is not None
    assert after.label.label_id == "l1"
    assert after.machine is not None
    assert (after.machine.category, after.machine.sub_category, after.machine.confidence) == ("empty_call", None, 0.4)
    assert (after.confidence, after.justification, after.evidence) == (None, None, ())


@pytest.mark.parametrize("said", [label("l1", 1), facts("f1", job_booked=True)], ids=["label", "facts"])
def test_a_field_of_an_annotation_that_nobody_knows_is_no_fact_of_the_call(said: CallAnnotated) -> None:
    newer = CallAnnotated.model_validate(said.model_dump() | {"mood": "fine"})
    history = store(MACHINE, newer, OTHER, corrected("b", "sales"))
    assert [entry.outcome_id for entry in history[:3]] == ["a", newer.event_id, "b"]
    assert [entry.model_extra for entry in history] == [{}] * 4


def test_a_correction_of_the_pbx_keeps_the_persons_category() -> None:
    after = store(MACHINE, label("l1", 1), corrected("a", "sales"))[-1]
    assert (after.revision, after.queue, after.source, leaf(after)) == (3, "sales", "human", COMPLAINT)


def test_the_machines_outcome_that_comes_again_after_a_label_is_a_redelivery() -> None:
    history = store(MACHINE, label("l1", 1), MACHINE, facts("f1", value=1), MACHINE)
    assert [entry.outcome_id for entry in history] == ["a", "l1", "f1"]
    assert verdict(history, MACHINE) == Verdict(history[0], is_new=False)


@pytest.mark.parametrize("answer", [MACHINE, OTHER], ids=["the same answer as before", "another answer"])
def test_an_outcome_that_supersedes_the_label_is_the_machines_again_once(answer: CallOutcome) -> None:
    told = facts("f1", job_booked=True)
    history = store(MACHINE, label("l1", 1), told, (answer, "l1"), (answer, "l1"), answer)
    assert len(history) == 4
    after = history[-1]
    assert (after.source, after.label, after.machine, leaf(after)) == ("machine", None, None, leaf(answer))
    assert (after.confidence, after.evidence, after.facts) == (answer.confidence, answer.evidence, {"job_booked": True})
    assert len({entry.outcome_id for entry in history}) == 4


def test_a_label_that_was_given_meanwhile_is_not_superseded() -> None:
    history = store(MACHINE, label("l1", 1), label("l2", 2), (OTHER, "l1"), (MACHINE, "l1"))
    assert (history[-1].source, history[-1].label and history[-1].label.label_id) == ("human", "l2")
    assert [entry.outcome_id for entry in history] == ["a", "l1", "l2", "b"]


def test_a_superseding_outcome_that_comes_again_does_not_supersede_a_later_label() -> None:
    superseded: list[Arrival] = [MACHINE, label("l1", 1), (MACHINE, "l1")]
    history = store(*superseded, label("l2", 3), (MACHINE, "l1"))
    assert len(history) == 4
    assert history[-1].label is not None
    assert history[-1].label.label_id == "l2"


def test_facts_are_merged_name_by_name_and_null_takes_one_back() -> None:
    history = store(
        MACHINE,
        facts("f1", 1, job_booked=True, value=1450.0, currency="TRY"),
        facts("f2", 2, technician="Ali", value=None, currency=None),
        facts("f3", 3, job_booked=False),
    )
    assert [entry.revision for entry in history] == [1, 2, 3, 4]
    assert history[-1].facts == {"job_booked": False, "technician": "Ali"}
    assert leaf(history[-1]) == RESEARCH
    assert history[-1].facts_at.keys() == {"job_booked", "technician", "value", "currency"}


def test_facts_that_come_again_change_nothing() -> None:
    history = store(MACHINE, facts("f1", 1, value=1), facts("f2", 2, value=2), facts("f1", 1, value=1))
    assert [entry.facts for entry in history] == [{}, {"value": 1}, {"value": 2}]


TOLD = [
    facts("f1", 1, job_booked=True, value=10.0),
    facts("f2", 2, value=None),
    facts("f3", 3, job_booked=False, technician="Ali"),
    facts("f4", 4, value=30.0),
    facts("f5", 5, technician=None),
]


@given(st.lists(st.sampled_from(TOLD), max_size=3).flatmap(lambda more: st.permutations(TOLD + more)))
def test_of_each_fact_the_latest_word_holds_in_whatever_order_they_come(order: list[CallAnnotated]) -> None:
    assert store(MACHINE, *order)[-1].facts == {"job_booked": False, "value": 30.0}


PEOPLE = [label("l1", 1), label("l2", 2), label("m1", 1, decides=False), *TOLD]
MACHINES: list[Arrival] = [MACHINE, OTHER, corrected("a", "sales"), failed("x"), (MACHINE, "l1"), (OTHER, "l2")]


@given(st.lists(st.sampled_from([*PEOPLE, *MACHINES]), max_size=14))
def test_in_any_order_what_was_taken_of_people_is_known_when_it_comes_again(order: list[Arrival]) -> None:
    history = store(*order)
    assert [entry.revision for entry in history] == list(range(1, len(history) + 1))
    assert len({entry.outcome_id for entry in history}) == len(history)
    for entry in history:
        assert (entry.source == "human") == (entry.label is not None)
        assert entry.machine is None or entry.source == "human"
    stored = {entry.outcome_id: entry for entry in history}
    for one in PEOPLE:
        if one.event_id in stored:
            assert annotated(history, one) == Verdict(stored[one.event_id], is_new=False)


@given(st.lists(st.sampled_from([label("l1", 1), *TOLD, OTHER, corrected("b", "sales"), done("c")]), max_size=10))
def test_no_machine_replaces_a_persons_category_unasked(order: list[Arrival]) -> None:
    history = store(MACHINE, *order)
    sources = [entry.source for entry in history]
    assert sources == sorted(sources, reverse=True)  # machine before human
    assert all(leaf(entry) == COMPLAINT for entry in history if entry.source == "human")


def test_a_labelled_call_is_classified_again_from_the_same_transcript() -> None:
    turns = call_classified().turns
    before, after = transcript(MACHINE, turns), transcript(store(MACHINE, label("l1", 1))[-1], turns)
    assert before is not None
    assert after is not None
    assert after.event_id != before.event_id
    assert (before.previous_outcome, after.previous_outcome) == ("a", "l1")
    assert after.model_copy(update={"event_id": before.event_id, "previous_outcome": "a"}) == before


def test_a_label_stays_when_an_earlier_version_decides_again() -> None:
    assert OTHER.versions is not None
    newer = OTHER.model_copy(update={"versions": OTHER.versions.model_copy(update={"taxonomy": "2"})})
    history = store(MACHINE, newer, label("l1", 2))
    back = verdict(history, MACHINE, previous="l1")
    assert back.is_new
    assert back.stored is not None
    assert (back.stored.revision, back.stored.source, back.stored.label) == (4, "human", history[2].label)
    assert back.stored.machine is not None
    assert (back.stored.machine.category, back.stored.machine.sub_category) == leaf(MACHINE)


def kept(history: Sequence[CallOutcome], annotation: CallAnnotated, **changes: Any) -> Any:
    return stored_label(annotation, history, is_refused=annotated(history, annotation).is_refused)


def test_what_is_kept_of_a_label_says_what_the_machine_had_said_to_the_revision_that_was_seen() -> None:
    history = store(MACHINE, label("l1", 1), OTHER, label("l2", 3))
    versions = MACHINE.versions
    assert versions is not None
    for annotation, category in ((label("l1", 1), "unnecessary_call"), (label("l2", 3), "empty_call")):
        found = kept(history, annotation)
        assert (found.label_id, found.call_id, found.reviewer, found.at) == (
            annotation.event_id,
            "call-1",
            "ann",
            FIRST,
        )
        assert found.machine.category == category
        assert (found.machine.justification, found.machine.evidence) == (None, ())
        assert found.classifier == MACHINE.classifier
        assert found.classifier_version == f"{versions.model} {versions.prompt} {versions.policy}"
        assert found.refused is None


def test_what_is_kept_of_a_label_that_is_refused_says_so_and_nothing_of_the_machine() -> None:
    found = kept(store(MACHINE, OTHER), label("l1", 1))
    assert (found.refused, found.machine, found.classifier_version) == ("stale", None, None)


def test_a_person_may_say_what_a_call_without_a_recording_was() -> None:
    before, after = store(unrecorded("u"), label("l1", 1), unrecorded("u", "voicemail"))
    assert (before.state, after.state, leaf(after), after.source) == ("unrecorded", "done", COMPLAINT, "human")
    assert (after.machine, after.disposition) == (None, "missed")


def test_what_became_of_a_call_without_a_recording_can_be_told_and_stays_when_one_comes() -> None:
    _, told, heard = store(unrecorded("u"), facts("f1", job_booked=True), done("a"))
    assert (told.state, told.category, told.facts) == ("unrecorded", None, {"job_booked": True})
    assert (heard.state, heard.facts) == ("done", {"job_booked": True})
