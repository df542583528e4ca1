"""N-grams of a text, as scikit-learn's analyzers ``word`` and ``char_wb`` make them, without loading it."""

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^ .]+")
LONGEST = 40
"""Characters of the longest word of which anything is kept for the next time: a longer one is no speech."""


def of_words(ngrams: tuple[int, int], text: str) -> Sequence[str]:
    """Return the sequences of words, of the shortest to the longest length in ``ngrams``; full stops are no words."""
    words = _WORD.findall(text)
    shortest, longest = ngrams
    return [
        " ".join(words[start : start + length])
        for length in range(shortest, longest + 1)
        for start in range(len(words) - length + 1)
    ]


def within_words(ngrams: tuple[int, int], text: str) -> Sequence[str]:
    """Return the sequences of characters within words, whose ends count as a space; a short word counts once."""
    return [gram for word in text.split() for gram in _of_word(ngrams, word)]


def _of_word(ngrams: tuple[int, int], word: str) -> Sequence[str]:
    padded = f" {word} "
    shortest, longest = ngrams
    lengths = range(shortest, max(shortest, min(longest, len(padded))) + 1)
    return [padded[start : start + length] for length in lengths for start in range(max(1, len(padded) - length + 1))]
