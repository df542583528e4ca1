"""N-grams: scikit-learn's own, of any text, and nothing kept of words that no speech has."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from agents.classify.offline import ngrams
from agents.classify.offline.train import evaluation_dialogues, training_dialogues

LENGTHS = [(1, 2), (3, 5), (2, 2), (4, 6)]
SAID = [turn.text for dialogue in (*training_dialogues(), *evaluation_dialogues()) for turn in dialogue.turns]
LIKE_SPEECH = st.text(st.sampled_from("abcçğıİ .\t\n\u00a0\u2028😀"))


def theirs(analyzer: str, lengths: tuple[int, int], text: str) -> list[str]:
    pattern = r"[^ .]+" if analyzer == "word" else None
    vectorizer = CountVectorizer(analyzer=analyzer, ngram_range=lengths, token_pattern=pattern, lowercase=False)
    return [str(gram) for gram in vectorizer.build_analyzer()(text)]


@pytest.mark.parametrize("lengths", LENGTHS)
@given(text=st.text() | LIKE_SPEECH | st.sampled_from(SAID))
def test_sequences_of_words_are_scikit_learns(lengths: tuple[int, int], text: str) -> None:
    assert ngrams.of_words(lengths, text) == theirs("word", lengths, text)


@pytest.mark.parametrize("lengths", LENGTHS)
@given(text=st.text() | LIKE_SPEECH | st.sampled_from(SAID))
def test_sequences_within_words_are_scikit_learns(lengths: tuple[int, int], text: str) -> None:
    assert ngrams.within_words(lengths, text) == theirs("char_wb", lengths, text)


def test_words_that_no_speech_has_leave_nothing_behind() -> None:
    tracemalloc.start()
    try:
        for letter in "abcdefghij":
            assert len(ngrams.within_words((3, 5), letter * 20_000)) > 59_000  # four megabytes, if they were kept
        kept_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept_bytes < 500_000
