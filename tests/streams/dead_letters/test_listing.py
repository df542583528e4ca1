"""Choosing dead letters, and the message that a replay sends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import DeadLetter
from streams.dead_letters.listing import (
    DeadLetterFilter,
    DeadLetterSummary,
    resolve,
    when_replayed,
)
from streams.dead_letters.replay import CannotReplay, replay_message
from streams.errors import CallsiftError, PermanentError
from streams.message import OURS, REPLAY, Message, Tries
from streams.processing.dead_letter import GivenUp, dead_letter
from streams.topics import ALL_TOPICS, DEAD_LETTER, ENDED, STAGES, Topic
from tests.schemas import examples

NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
LETTER = examples.dead_letter()
GAVE_UP_AT = LETTER.gave_up_at
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("field", "accepted", "refused"),
    [
        ("stage", "audio", "sink"),
        ("error_type", "UndecodableRecording", "Undecodable"),
        ("call_id", LETTER.call_id, "another"),
        ("since", GAVE_UP_AT, GAVE_UP_AT + SECOND),
        ("until", GAVE_UP_AT + SECOND, GAVE_UP_AT),
        ("replayed", False, True),
        ("ids", frozenset({"x", LETTER.event_id}), frozenset({"x"})),
    ],
)
def test_every_filter_accepts_what_it_names_and_refuses_what_it_does_not(
    field: str, accepted: Any, refused: Any
) -> None:
    assert DeadLetterFilter(**{field: accepted}).accepts(LETTER, None)
    assert not DeadLetterFilter(**{field: refused}).accepts(LETTER, None)


def test_a_replayed_letter_is_accepted_by_its_own_filter_and_by_none() -> None:
    assert DeadLetterFilter(replayed=True).accepts(LETTER, NOW)
    assert DeadLetterFilter().accepts(LETTER, NOW)
    assert not DeadLetterFilter(replayed=False).accepts(LETTER, NOW)


FILTERS = st.builds(
    DeadLetterFilter,
    stage=st.sampled_from([None, "audio", "sink"]),
    error_type=st.sampled_from([None, LETTER.error_type, "Other"]),
    since=st.sampled_from([None, GAVE_UP_AT, GAVE_UP_AT + SECOND]),
    until=st.sampled_from([None, GAVE_UP_AT, GAVE_UP_AT + SECOND]),
    call_id=st.sampled_from([None, LETTER.call_id, "another"]),
    replayed=st.sampled_from([None, True, False]),
)


@given(FILTERS)
def test_filters_together_accept_what_each_alone_accepts(chosen: DeadLetterFilter) -> None:
    alone = [replace(DeadLetterFilter(), **{name: value}) for name, value in vars(chosen).items()]
    assert chosen.accepts(LETTER, None) == all(single.accepts(LETTER, None) for single in alone)


BYTES = st.none() | st.binary(max_size=50)
NAMES = st.text(max_size=10) | st.sampled_from([f"{OURS}tries", f"{OURS}retries", f"{OURS}origin", REPLAY])


@given(
    topic=st.sampled_from([topic for stage in STAGES.values() for topic in stage.consumes if topic is not DEAD_LETTER]),
    key=BYTES,
    value=BYTES,
    headers=st.lists(st.tuples(NAMES, st.binary(max_size=20)), max_size=5).map(tuple),
)
def test_a_replay_is_the_message_that_was_given_up_as_if_it_had_never_been_tried(
    topic: Topic, key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes], ...]
) -> None:
    message = Message(topic, 2, 7, key, value, headers)
    given_up = GivenUp(PermanentError("no", "none"), Tries(NOW, 9, 3), None)
    letter = DeadLetter.model_validate_json(dead_letter("audio", message, given_up, NOW).model_dump_json())
    sent = replay_message(letter)
    assert (sent.topic, sent.key, sent.value) == (topic.name, key, value)
    assert sent.headers == (*message.foreign_headers, (REPLAY, letter.event_id.encode()))
    again = replace(message, headers=sent.headers)
    assert Tries.of(again, NOW) == Tries(NOW)
    assert again.foreign_headers == message.foreign_headers


@pytest.mark.parametrize("topic", ["somebody.elses", *(topic.name for topic in ALL_TOPICS if topic.delay_s)])
def test_a_letter_from_a_topic_that_no_stage_reads_is_not_replayed(topic: str) -> None:
    with pytest.raises(CannotReplay, match=f"{topic}.*{ENDED.name}"):
        replay_message(LETTER.model_copy(update={"topic": topic}))


def test_a_mark_from_before_the_letter_is_that_of_another_letter() -> None:
    name = LETTER.event_id
    assert when_replayed(LETTER, {}) is None
    assert when_replayed(LETTER, {name: NOW, "another": GAVE_UP_AT}) == NOW
    assert when_replayed(LETTER, {name: GAVE_UP_AT - SECOND}) is None


def test_the_beginning_of_an_identifier_is_enough_if_only_one_begins_so() -> None:
    ids = ["aa11", "aa12", "aa1"]
    assert resolve("aa12", ids) == "aa12"
    assert resolve("aa1", ids) == "aa1"
    with pytest.raises(CallsiftError, match="3 dead letters"):
        resolve("aa", ids)
    with pytest.raises(CallsiftError, match="no dead letters"):
        resolve("b", ids)


def test_a_list_holds_nothing_of_the_original_message() -> None:
    listed = DeadLetterSummary.of(LETTER, NOW).as_json()
    assert (listed["id"], listed["position"]) == (LETTER.event_id, "calls.ended/3/77")
    assert listed["replayed_at"] == NOW.isoformat()
    assert not {"value", "key", "headers"} & listed.keys()
