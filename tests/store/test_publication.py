"""What is published of a stored outcome, whoever published what before, and whoever died on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas import CallOutcome
from store.revisions import due, verdict
from tests.store.outcomes import corrected, done, failed


def revision(number: int) -> CallOutcome:
    return done(f"o-{number}").model_copy(update={"revision": number})


@pytest.mark.parametrize(
    ("own", "newest", "confirmed", "published"),
    [
        (1, 1, (), 1),  # new
        (1, 1, (1,), None),  # a redelivery of what was confirmed
        (2, 2, (1,), 2),  # a new classification, a correction, a category after a failure
        (2, 2, (1, 2), None),
        (2, 2, (), 2),  # a document of a version that made no marks
        (1, 2, (1,), None),  # whoever stored the second one publishes it
        (1, 2, (), 2),  # nobody knows whether the first one left: the newest does, which may have to be the last
        (1, 2, (2,), 2),  # the first one may have left after the second one
        (1, 3, (2, 3), 3),
        (3, 3, (1, 2), 3),  # its store was restored from a backup of before the third one
    ],
)
def test_what_is_published_of_an_outcome(
    own: int, newest: int, confirmed: tuple[int, ...], published: int | None
) -> None:
    expected = None if published is None else revision(published)
    assert due(revision(newest), confirmed, revision(own)) == expected


Death = Literal["before it was stored", "stored", "asked", "on the topic", "confirmed", "never"]
DEATHS: tuple[Death, ...] = ("before it was stored", "stored", "asked", "on the topic", "confirmed", "never")
EVENTS = [done("a"), done("b"), failed("x"), corrected("a", "first"), corrected("a", "then"), corrected("b", "then")]


@dataclass
class Call:
    """One call, as the store and the topic have it."""

    history: list[CallOutcome] = field(default_factory=list)
    confirmed: set[int] = field(default_factory=set)
    topic: list[CallOutcome] = field(default_factory=list)

    def delivered(self, event: CallOutcome) -> Iterator[Death]:
        """Take an event to its end; it stops at each point where its worker may die."""
        yield "before it was stored"
        stored, is_new, _ = verdict(self.history, event)
        if stored is None:
            return
        if is_new:
            self.history.append(stored)
        yield "stored"
        published = due(self.history[-1], self.confirmed, stored)
        while published is not None:
            yield "asked"
            self.topic.append(published)
            yield "on the topic"
            if published == (newest := self.history[-1]):
                self.confirmed |= {stored.revision, published.revision}
            published = newest if newest != published else None
            yield "confirmed"

    def survives(self, event: CallOutcome, death: Death) -> bool:
        """Deliver an event to a worker that dies at a point; tell whether it came to its end."""
        return all(point != death for point in self.delivered(event))


deliveries = st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from(DEATHS)), max_size=12)


@given(deliveries)
@example([(done("a"), "on the topic")] * 3)
@example([(done("a"), "on the topic"), (done("b"), "never")])
def test_every_outcome_is_published_and_each_death_repeats_one_at_the_most(
    plan: list[tuple[CallOutcome, Death]],
) -> None:
    call, deaths = Call(), 0
    for event, death in plan:
        if not call.survives(event, death):  # what is not acknowledged comes again
            deaths += 1
            assert call.survives(event, "never")
    assert {entry.revision for entry in call.history} == call.confirmed
    assert call.topic[-1:] == call.history[-1:], "compaction keeps what was published last"
    revisions = [outcome.revision for outcome in call.topic]
    assert len(revisions) - len(set(revisions)) <= deaths


@given(st.permutations(EVENTS))
def test_events_that_come_again_after_their_end_publish_nothing(order: list[CallOutcome]) -> None:
    call = Call()
    for event in order:
        assert call.survives(event, "never")
    published = list(call.topic)
    for event in order:
        assert call.survives(event, "never")
    assert call.topic == published


@given(st.permutations(EVENTS), st.data())
def test_workers_that_race_leave_the_newest_outcome_last(order: list[CallOutcome], data: st.DataObject) -> None:
    call = Call()
    running = [call.delivered(event) for event in order]
    while running:
        one = data.draw(st.sampled_from(running))
        if next(one, None) is None:
            running.remove(one)
    assert call.topic[-1] == call.history[-1]
    assert {entry.revision for entry in call.history} == call.confirmed


@given(st.permutations(EVENTS), st.data())
def test_a_worker_that_dies_in_a_race_leaves_the_newest_outcome_last(
    order: list[CallOutcome], data: st.DataObject
) -> None:
    """Revisions overtake each other, one of the workers dies, and only its own event comes again."""
    call = Call()
    running = {number: call.delivered(event) for number, event in enumerate(order)}
    dying = data.draw(st.sampled_from(sorted(running)))
    while running:
        number = data.draw(st.sampled_from(sorted(running)))
        died = number == dying and data.draw(st.booleans())
        if died or next(running[number], None) is None:
            del running[number]
    assert call.survives(order[dying], "never")
    assert call.topic[-1] == call.history[-1]
    assert {entry.revision for entry in call.history} == call.confirmed
