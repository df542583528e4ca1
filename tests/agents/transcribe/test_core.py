"""What is decoded, and how words become turns."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.transcribe.core import (
    JOB_S,
    PAUSE_WITHIN_TURN_S,
    completed,
    merge_turns,
    shared_out,
    spans_to_decode,
    transcribed,
    widened,
)
from agents.transcribe.corrections import Corrections
from agents.transcribe.span import AudioSpan
from schemas import AudioReady, CallTranscribed, Speaker, SpeechSegment, Word
from tests.schemas.examples import FIGURES, audio_ready

CUSTOMER, AGENT, UNDIVIDED = Speaker.CUSTOMER, Speaker.AGENT, Speaker.UNDIVIDED
DURATION_S = 60.0


def segments(*spans: tuple[float, float]) -> list[SpeechSegment]:
    return [SpeechSegment(start_s=start, end_s=end) for start, end in spans]


def words(*timed: tuple[str, float, float]) -> list[Word]:
    return [Word(text=text, start_s=start, end_s=end, confidence=0.8) for text, start, end in timed]


def test_segments_are_widened_on_both_sides() -> None:
    assert widened(segments((2.0, 3.0), (5.0, 6.0)), 0.25, 10.0) == [(1.75, 3.25), (4.75, 6.25)]


def test_segments_that_touch_once_widened_are_decoded_once() -> None:
    assert widened(segments((2.0, 3.0), (3.4, 4.0)), 0.2, 10.0) == [(1.8, 4.2)]


def test_spans_end_where_the_recording_does() -> None:
    assert widened(segments((0.1, 1.0), (9.0, 10.0)), 0.5, 10.0) == [(0.0, 1.5), (8.5, 10.0)]


def test_a_segment_inside_another_shortens_nothing() -> None:
    assert widened(segments((1.0, 8.0), (2.0, 3.0)), 0.0, 10.0) == [(1.0, 8.0)]


def test_no_speech_is_nothing_to_decode() -> None:
    assert widened([], 0.2, 10.0) == []
    assert widened(segments((11.0, 12.0)), 0.2, 10.0) == []


@st.composite
def any_segments(draw: st.DrawFn) -> list[SpeechSegment]:
    starts = draw(st.lists(st.floats(0, DURATION_S - 0.01), max_size=15))
    lengths = draw(st.lists(st.floats(0.01, 10), min_size=len(starts), max_size=len(starts)))
    return segments(*((start, min(DURATION_S, start + length)) for start, length in zip(starts, lengths, strict=True)))


@given(any_segments(), st.floats(0, 2))
def test_spans_are_sorted_disjoint_inside_and_cover_every_segment(own: list[SpeechSegment], context_s: float) -> None:
    spans = widened(own, context_s, DURATION_S)
    assert all(0 <= start < end <= DURATION_S for start, end in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    for segment in own:
        assert any(start <= segment.start_s and segment.end_s <= end for start, end in spans)


def test_every_channel_is_decoded_in_order_of_time() -> None:
    assert spans_to_decode(audio_ready(), 0.25) == [
        AudioSpan(1, 0.0, 2.0),
        AudioSpan(0, 1.75, 5.75),
        AudioSpan(0, 7.0, 9.25),
    ]


def test_an_undivided_recording_has_one_channel() -> None:
    call = undivided(segments((1.0, 2.0)))
    assert spans_to_decode(call, 0.5) == [AudioSpan(0, 0.5, 2.5)]


def undivided(speech: list[SpeechSegment]) -> AudioReady:
    figures = FIGURES.model_copy(update={"speakers": {UNDIVIDED: FIGURES.speakers[CUSTOMER]}})
    facts = {"audio_channels": (UNDIVIDED,), "speech": {UNDIVIDED: tuple(speech)}, "figures": figures}
    return audio_ready().model_copy(update=facts)


@st.composite
def any_spans(draw: st.DrawFn) -> list[AudioSpan]:
    found, at_s = [], 0.0
    for gap_s, length_s in draw(st.lists(st.tuples(st.floats(0, 30), st.floats(0.1, 60)), max_size=60)):
        found.append(AudioSpan(draw(st.integers(0, 1)), at_s + gap_s, at_s + gap_s + length_s))
        at_s += gap_s + length_s
    return found


@given(any_spans(), st.integers(1, 8))
def test_jobs_hold_every_span_once_in_order_and_the_longest_comes_first(spans: list[AudioSpan], processes: int) -> None:
    jobs = shared_out(spans, processes)
    assert sorted((span for job in jobs for span in job), key=lambda span: span.start_s) == spans
    assert all(job == sorted(job, key=lambda span: span.start_s) for job in jobs)
    lengths = [sum(span.seconds for span in job) for job in jobs]
    assert lengths == sorted(lengths, reverse=True)
    assert all(length <= JOB_S + 60 for length in lengths)  # spans are not split


@given(any_spans().filter(bool), st.integers(2, 8))
def test_the_processes_have_equally_much_to_do(spans: list[AudioSpan], processes: int) -> None:
    loads = [0.0] * processes
    for job in shared_out(spans, processes):  # each process that is free takes the next
        loads[loads.index(min(loads))] += sum(span.seconds for span in job)
    total_s, longest_s = sum(loads), max(span.seconds for span in spans)
    assert max(loads) <= total_s / processes + total_s / (4 * processes) + longest_s + 1e-6


def test_a_long_call_is_many_jobs_of_about_the_same_length() -> None:
    spans = [AudioSpan(n % 2, n * 4.0, n * 4.0 + 3.0) for n in range(1800)]
    lengths = [sum(span.seconds for span in job) for job in shared_out(spans, 2)]
    assert len(lengths) == 1800 * 3 / JOB_S
    assert all(JOB_S - 3 <= length <= JOB_S + 3 for length in lengths)


def test_nothing_to_decode_is_no_job() -> None:
    assert shared_out([], 2) == []


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


def test_a_call_without_words_has_no_turns() -> None:
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


def transcript(call: AudioReady, *decoded: tuple[AudioSpan, list[Word]], language: str = "tr") -> CallTranscribed:
    corrections = Corrections({("kombin",): ("kombim",)})
    return transcribed(call, decoded, language=language, speech_model="vosk-tr@a1b2c3d4e5f6", corrections=corrections)


CUSTOMERS = (AudioSpan(0, 2.0, 5.5), words(("kombin", 2.0, 2.5), ("beş", 2.5, 3.0), ("yüz", 3.0, 3.5)))
AGENTS = (AudioSpan(1, 0.0, 2.0), [Word(text="buyurun", start_s=0.5, end_s=1.0, confidence=0.4)])


def test_a_transcript_has_both_speakers_with_corrections_and_numbers() -> None:
    call = transcript(audio_ready(), AGENTS, CUSTOMERS)
    assert [(turn.speaker, turn.text, turn.normalised) for turn in call.turns] == [
        (AGENT, "buyurun", "buyurun"),
        (CUSTOMER, "kombim beş yüz", "kombim 500"),
    ]
    assert call.turns[1].words[0].heard == "kombin"
    assert call.transcript_confidence == 0.7  # (0.8 + 0.8 + 0.8 + 0.4) / 4
    assert (call.language, call.speech_model) == ("tr", "vosk-tr@a1b2c3d4e5f6")


def test_numbers_are_written_as_the_language_says_them() -> None:
    assert transcript(audio_ready(), CUSTOMERS, language="tr-TR").turns[0].normalised == "kombim 500"
    assert transcript(audio_ready(), CUSTOMERS, language="en-GB").turns[0].normalised == "kombim beş yüz"
    assert transcript(audio_ready(), CUSTOMERS, language="az").turns[0].normalised is None


def test_a_transcript_of_undivided_speech_has_one_speaker() -> None:
    call = transcript(undivided([]), (AudioSpan(0, 0.0, 5.0), words(("merhaba", 1.0, 1.4), ("buyurun", 2.0, 2.5))))
    assert [(turn.speaker, turn.text) for turn in call.turns] == [(UNDIVIDED, "merhaba"), (UNDIVIDED, "buyurun")]
    assert call.figures.speakers[UNDIVIDED].words == 2


def test_a_call_in_which_nothing_is_recognised_has_no_confidence() -> None:
    call = transcript(audio_ready(), (CUSTOMERS[0], []))
    assert (call.turns, call.transcript_confidence) == ((), None)
    assert call.figures.speakers[CUSTOMER].words == 0


def test_the_figures_are_completed_from_the_turns() -> None:
    silent = FIGURES.speakers[AGENT].model_copy(update={"talk_s": 0.0, "talk_ratio": 0.0, "segments": 0})
    figures = FIGURES.model_copy(update={"speakers": {CUSTOMER: FIGURES.speakers[CUSTOMER], AGENT: silent}})
    said = words(*(("evet", n * 1.0, n + 0.5) for n in range(20)), *(("tamam", 30.0 + n, 30.5 + n) for n in range(5)))
    found = completed(figures, merge_turns({CUSTOMER: said})).speakers
    assert (found[CUSTOMER].turns, found[CUSTOMER].words, found[CUSTOMER].words_per_minute) == (2, 25, 120.0)  # 12.5 s
    assert (found[AGENT].turns, found[AGENT].words, found[AGENT].words_per_minute) == (0, 0, None)
    assert found[CUSTOMER].talk_s == FIGURES.speakers[CUSTOMER].talk_s


def test_undivided_speech_begins_a_new_turn_where_an_answer_may_have_come() -> None:
    words = [
        Word(text=text, start_s=at, end_s=at + 0.4, confidence=1.0)
        for text, at in (("servis", 0.0), ("buyurun", 0.5), ("kombim", 1.5), ("bozuldu", 2.0))
    ]
    assert [turn.text for turn in merge_turns({Speaker.UNDIVIDED: words})] == ["servis buyurun", "kombim bozuldu"]
    assert [turn.text for turn in merge_turns({Speaker.AGENT: words})] == ["servis buyurun kombim bozuldu"]
