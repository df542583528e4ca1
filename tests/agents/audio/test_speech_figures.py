"""Talk, silence and overlap: by construction, and what must hold for every call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.audio.speech_figures import speech_figures
from schemas import Speaker, SpeechSegment

CUSTOMER, AGENT = Speaker.CUSTOMER, Speaker.AGENT
Segments = tuple[SpeechSegment, ...]


def segments(*spans: tuple[float, float]) -> Segments:
    return tuple(SpeechSegment(start_s=start, end_s=end) for start, end in spans)


def test_the_figures_of_a_constructed_call_are_known() -> None:
    speech = {CUSTOMER: segments((1.0, 3.0), (6.0, 7.5)), AGENT: segments((2.5, 4.0), (9.0, 10.0))}
    figures = speech_figures(speech, 10.0)
    assert figures.speakers[CUSTOMER].talk_s == 3.5
    assert figures.speakers[CUSTOMER].talk_ratio == 0.35
    assert figures.speakers[CUSTOMER].segments == 2
    assert figures.speakers[AGENT].talk_s == 2.5
    assert figures.overlap_s == 0.5
    assert figures.silence_s == 4.5
    assert figures.longest_silence_s == 2.0


def test_interruptions_and_response_gaps_are_counted_for_each_speaker() -> None:
    speech = {
        CUSTOMER: segments((0.0, 4.0), (5.0, 6.0), (9.0, 12.0), (20.0, 21.0)),
        AGENT: segments((3.0, 4.5), (6.8, 8.6), (10.0, 11.0), (14.0, 15.0), (16.0, 18.0)),
    }
    figures = speech_figures(speech, 25.0)
    customer, agent = figures.speakers[CUSTOMER], figures.speakers[AGENT]
    assert figures.overlaps == 2
    assert agent.interruptions == 1  # at 3.0; what it says at 10.0 lets the customer go on
    assert customer.interruptions == 0
    assert customer.response_gap_median_s == 0.5  # of 0.5 at 5.0, 0.4 at 9.0 and 2.0 at 20.0
    assert customer.response_gap_p90_s == pytest.approx(1.7)
    assert agent.response_gap_median_s == pytest.approx(1.4)  # of 0.8 at 6.8 and 2.0 at 14.0; at 16.0 it goes on itself
    assert (
        speech_figures({Speaker.UNDIVIDED: segments((1, 2), (3, 4))}, 5.0)
        .speakers[Speaker.UNDIVIDED]
        .response_gap_median_s
        is None
    )


def test_speakers_who_begin_together_do_not_interrupt_each_other() -> None:
    figures = speech_figures({CUSTOMER: segments((1.0, 3.0)), AGENT: segments((1.0, 2.0))}, 5.0)
    assert (figures.overlaps, figures.overlap_s) == (1, 1.0)
    assert [own.interruptions for own in figures.speakers.values()] == [0, 0]


def test_a_call_of_hours_is_no_more_than_linear_work() -> None:
    many = {
        CUSTOMER: segments(*((n, n + 0.6) for n in range(20_000))),
        AGENT: segments(*((n + 0.5, n + 0.9) for n in range(20_000))),
    }
    figures = speech_figures(many, 20_000.0)
    assert figures.overlaps == 20_000
    assert figures.overlap_s == pytest.approx(2000, abs=0.1)


def test_the_longest_silence_counts_beginning_and_end() -> None:
    assert speech_figures({CUSTOMER: segments((4.0, 5.0)), AGENT: ()}, 10.0).longest_silence_s == 5.0
    assert speech_figures({CUSTOMER: segments((6.0, 7.0)), AGENT: ()}, 10.0).longest_silence_s == 6.0


def test_a_call_without_speech_is_one_silence() -> None:
    figures = speech_figures({CUSTOMER: (), AGENT: ()}, 8.25)
    assert (figures.silence_s, figures.longest_silence_s, figures.overlap_s) == (8.25, 8.25, 0)
    assert figures.speakers[CUSTOMER].talk_ratio == 0


def test_an_empty_recording_has_figures_too() -> None:
    figures = speech_figures({CUSTOMER: (), AGENT: ()}, 0.0)
    assert (figures.silence_s, figures.longest_silence_s, figures.overlap_s) == (0, 0, 0)
    assert figures.speakers[AGENT].talk_ratio == 0


def test_two_who_speak_all_the_time_leave_no_silence() -> None:
    figures = speech_figures({CUSTOMER: segments((0, 5)), AGENT: segments((0, 5))}, 5.0)
    assert (figures.silence_s, figures.longest_silence_s, figures.overlap_s) == (0, 0, 5)
    assert figures.speakers[AGENT].talk_ratio == 1


DURATION_S = 60.0


@st.composite
def spoken(draw: st.DrawFn) -> Segments:
    edges = draw(st.lists(st.integers(0, int(DURATION_S * 1000)), unique=True, max_size=20))
    ordered = [edge / 1000 for edge in sorted(edges[: len(edges) // 2 * 2])]
    return segments(*zip(ordered[::2], ordered[1::2], strict=True))


@given(spoken(), spoken())
def test_talk_and_silence_less_overlap_add_up_to_the_recording(customer: Segments, agent: Segments) -> None:
    figures = speech_figures({CUSTOMER: customer, AGENT: agent}, DURATION_S)
    talk_s = sum(own.talk_s for own in figures.speakers.values())
    assert talk_s + figures.silence_s - figures.overlap_s == pytest.approx(DURATION_S, abs=0.003)


@given(spoken(), spoken())
def test_parts_are_never_larger_than_what_they_are_part_of(customer: Segments, agent: Segments) -> None:
    figures = speech_figures({CUSTOMER: customer, AGENT: agent}, DURATION_S)
    assert figures.longest_silence_s <= figures.silence_s <= DURATION_S
    assert figures.overlap_s <= min(own.talk_s for own in figures.speakers.values()) + 0.001
    assert all(0 <= own.talk_ratio <= 1 for own in figures.speakers.values())


@given(spoken(), spoken())
def test_figures_do_not_depend_on_which_speaker_is_which(customer: Segments, agent: Segments) -> None:
    one = speech_figures({CUSTOMER: customer, AGENT: agent}, DURATION_S)
    other = speech_figures({CUSTOMER: agent, AGENT: customer}, DURATION_S)
    assert one.speakers[CUSTOMER] == other.speakers[AGENT]
    assert (one.silence_s, one.overlap_s) == (other.silence_s, other.overlap_s)
