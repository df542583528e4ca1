"""What a hosted recogniser says becomes words on the call's clock; what nobody said is left out."""

import pytest

from agents.transcribe.hosted.heard import HeardSegment, HeardWord, placed, spread
from agents.transcribe.hosted.pieces import Piece, Place
from agents.transcribe.span import AudioSpan
from agents.transcribe.writing import plain

FIRST, SECOND = AudioSpan(0, 10.0, 12.0), AudioSpan(0, 40.0, 43.0)
PIECE = Piece(b"", 16_000, (Place(0.0, 10.0, 2.0, FIRST), Place(2.3, 40.0, 3.0, SECOND)))


def said(*words: HeardWord, no_speech: float | None = None, logprob: float | None = None) -> list[HeardSegment]:
    return [HeardSegment(words, no_speech, logprob)]


def test_words_get_the_time_of_the_part_that_they_are_in() -> None:
    words, dropped = placed(said(HeardWord("alo", 0.5, 0.9, 0.8), HeardWord("usta", 2.8, 3.3, 0.7)), PIECE, "tr")
    assert [(word.text, word.start_s, word.end_s, word.confidence) for word in words[FIRST]] == [
        ("alo", 10.5, 10.9, 0.8)
    ]
    assert [(word.text, word.start_s, word.end_s, word.confidence) for word in words[SECOND]] == [
        ("usta", 40.5, 41.0, 0.7)
    ]
    assert not dropped


def test_a_word_that_reaches_over_an_edge_ends_there() -> None:
    words, _ = placed(said(HeardWord("tamam", 1.5, 2.2)), PIECE, "tr")
    [word] = words[FIRST]
    assert (word.start_s, word.end_s) == (11.5, 12.0)


def test_words_beyond_the_speech_that_was_sent_are_left_out_and_counted() -> None:
    words, dropped = placed(said(HeardWord("altyazı", 5.9, 6.4), HeardWord("alo", 0.5, 0.9)), PIECE, "tr")
    assert [word.text for own in words.values() for word in own] == ["alo"]
    assert dropped == {"outside_speech": 1}


@pytest.mark.parametrize(
    ("no_speech", "logprob", "kept"), [(0.9, -1.4, False), (0.9, -0.3, True), (0.2, -1.4, True), (None, None, True)]
)
def test_a_segment_is_silence_only_if_the_recogniser_is_unsure_as_well(
    no_speech: float | None, logprob: float | None, kept: bool
) -> None:
    heard = said(HeardWord("izlediğiniz", 0.1, 0.9), HeardWord("için", 1.0, 1.2), no_speech=no_speech, logprob=logprob)
    words, dropped = placed(heard, PIECE, "tr")
    assert bool(words[FIRST]) is kept
    assert dropped == ({} if kept else {"no_speech": 2})


def test_a_segment_that_repeats_itself_is_left_out() -> None:
    again = spread("teşekkür ederim " * 20, 0.0, 1.9)
    words, dropped = placed(said(*again), PIECE, "tr")
    assert not words[FIRST]
    assert dropped == {"repetition": 40}


def test_somebody_who_says_a_word_three_times_is_heard() -> None:
    words, _ = placed(said(*spread("alo alo alo beni duyuyor musunuz", 0.0, 1.9)), PIECE, "tr")
    assert len(words[FIRST]) == 6


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("İstanbul'da,", "tr", "istanbulda"),
        ("ISPARTA’dan", "tr-TR", "ıspartadan"),
        (" Kombi.", "tr", "kombi"),
        ("Don't", "en", "don't"),
        ("I", "en", "i"),
        ("05321234567", "tr", "05321234567"),
        ("ali@example.com.", "tr", "ali@example.com"),
        ("...", "tr", ""),
        ("–", "en", ""),
        ("S\u0327ofben", "tr", "şofben"),
    ],
)
def test_words_are_written_as_vosk_writes_them(text: str, language: str, expected: str) -> None:
    assert plain(text, language) == expected
