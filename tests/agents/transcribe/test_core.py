"""What is decoded, and how words become turns."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.transcribe.core import PAUSE_WITHIN_TURN_S, merge_turns, spans_to_decode
from schemas import Speaker, SpeechSegment, Word

CUSTOMER, AGENT = Speaker.CUSTOMER, Speaker.AGENT
DURATION_S = 60.0


def segments(*spans: tuple[float, float]) -> list[SpeechSegment]:
    return [SpeechSegment(start_s=start, end_s=end) for start, end in spans]


def words(*timed: tuple[str, float, float]) -> list[Word]:
    return [Word(text=text, start_s=start, end_s=end, confidence=0.8) for text, start, end in timed]


def test_segments_are_widened_on_both_sides() -> None:
    assert spans_to_decode(segments((2.0, 3.0), (5.0, 6.0)), 0.25, 10.0) == [(1.75, 3.25), (4.75, 6.25)]


def test_segments_that_touch_once_widened_are_decoded_once() -> None:
    assert spans_to_decode(segments((2.0, 3.0), (3.4, 4.0)), 0.2, 10.0) == [(1.8, 4.2)]


def test_spans_end_where_the_recording_does() -> None:
    assert spans_to_decode(segments((0.1, 1.0), (9.0, 10.0)), 0.5, 10.0) == [(0.0, 1.5), (8.5, 10.0)]


def test_a_segment_inside_another_shortens_nothing() -> None:
    assert spans_to_decode(segments((1.0, 8.0), (2.0, 3.0)), 0.0, 10.0) == [(1.0, 8.0)]


def test_no_speech_is_nothing_to_decode() -> None:
    assert spans_to_decode([], 0.2, 10.0) == []
    assert spans_to_decode(segments((11.0, 12.0)), 0.2, 10.0) == []


@st.composite
def any_segments(draw: st.DrawFn) -> list[SpeechSegment]:
    starts = draw(st.lists(st.floats(0, DURATION_S - 0.01), max_size=15))
    lengths = draw(st.lists(st.floats(0.01, 10), min_size=len(starts), max_size=len(starts)))
    return segments(*((start, min(DURATION_S, start + length)) for start, length in zip(starts, lengths, strict=True)))


@given(any_segments(), st.floats(0, 2))
def test_spans_are_sorted_disjoint_inside_and_cover_every_segment(own: list[SpeechSegment], context_s: float) -> None:
    spans = spans_to_decode(own, context_s, DURATION_S)
    assert all(0 <= start < end <= DURATION_S for start, end in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    for segment in own:
        assert any(start <= segment.start_s and segment.end_s <= end for start, end in spans)


def test_a_turn_ends_when_the_other_one_speaks() -> None:
    turns = merge_turns(
        {
            CUSTOMER: words(("merhaba", 1.0, 1.4), ("kombim", 1.5, 2.0), ("evet", 5.0, 5.3)),
            AGENT: words(("garantisi", 3.0, 3.5), ("var", 3.6, 3.8), ("mı", 3.9, 4.0)),
        }
    )
    assert [(turn.speaker, turn.text) for turn in turns] == [
        (CUSTOMER, "merhaba kombim"),
        (AGENT, "garantisi var mı"),
        (CUSTOMER, "evet"),
    ]
    assert [(turn.start_s, turn.end_s) for turn in turns] == [(1.0, 2.0), (3.0, 4.0), (5.0, 5.3)]


def test_an_interjection_splits_a_turn_and_overlaps_it_in_time() -> None:
    turns = merge_turns({CUSTOMER: words(("bir", 1.0, 3.0), ("iki", 3.1, 4.0)), AGENT: words(("hı", 2.0, 2.2))})
    assert [turn.text for turn in turns] == ["bir", "hı", "iki"]
    assert turns[1].start_s < turns[0].end_s


@pytest.mark.parametrize(("pause_s", "turns"), [(PAUSE_WITHIN_TURN_S, 1), (PAUSE_WITHIN_TURN_S + 0.5, 2)])
def test_a_long_pause_begins_a_new_turn(pause_s: float, turns: int) -> None:
    assert len(merge_turns({CUSTOMER: words(("bir", 0.0, 1.0), ("iki", 1.0 + pause_s, 5.5))})) == turns


def test_the_confidence_of_a_turn_is_the_mean_of_its_words() -> None:
    said = [Word(text=text, start_s=0, end_s=1, confidence=own) for text, own in (("a", 0.5), ("b", 1.0), ("c", 0.6))]
    assert merge_turns({CUSTOMER: said})[0].confidence == 0.7


def test_nobody_speaks_no_turns() -> None:
    assert merge_turns({}) == ()
    assert merge_turns({CUSTOMER: [], AGENT: []}) == ()


@st.composite
def spoken(draw: st.DrawFn) -> list[Word]:
    starts = sorted(draw(st.lists(st.floats(0, DURATION_S), max_size=15)))
    lengths = draw(st.lists(st.floats(0, 3), min_size=len(starts), max_size=len(starts)))
    texts = draw(st.lists(st.sampled_from(["evet", "tamam", "ı", "on"]), min_size=len(starts), max_size=len(starts)))
    return words(*((text, s, s + length) for text, s, length in zip(texts, starts, lengths, strict=True)))


@given(spoken(), spoken())
def test_merging_loses_no_word_and_keeps_each_speakers_order(customer: list[Word], agent: list[Word]) -> None:
    turns = merge_turns({CUSTOMER: customer, AGENT: agent})
    for speaker, own in ((CUSTOMER, customer), (AGENT, agent)):
        assert [word for turn in turns if turn.speaker == speaker for word in turn.words] == own
    assert [turn.text.split() for turn in turns] == [[word.text for word in turn.words] for turn in turns]


@given(spoken(), spoken())
def test_turns_are_in_order_and_hold_their_words(customer: list[Word], agent: list[Word]) -> None:
    turns = merge_turns({CUSTOMER: customer, AGENT: agent})
    assert [turn.start_s for turn in turns] == sorted(turn.start_s for turn in turns)
    for turn in turns:
        assert turn.words
        assert all(turn.start_s <= word.start_s and word.end_s <= turn.end_s for word in turn.words)
