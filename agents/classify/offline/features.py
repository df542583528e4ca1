"""What the offline classifier looks at: who said what, and what was said at the beginning and at the end."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from schemas import Speaker

BREAK = " . "
"""Between turns. Character n-grams stay within words, so that it only counts the turns; word n-grams step over it."""


class Said(Protocol):
    """As much of a turn as the classifier needs."""

    @property
    def speaker(self) -> Speaker:
        """Who spoke."""

    @property
    def text(self) -> str:
        """What was said, lower case, without punctuation."""


@dataclass(frozen=True)
class Block:
    """One block of features: a view of the call and the n-grams taken from it."""

    view: str
    analyzer: str
    """word, or char_wb for characters within words."""
    ngrams: tuple[int, int]

    @property
    def name(self) -> str:
        """Name of the block in the model file."""
        return f"{self.view}.{self.analyzer}"


BLOCKS = (
    Block("customer", "word", (1, 2)),
    Block("customer", "char_wb", (3, 5)),
    Block("agent", "word", (1, 2)),
    Block("agent", "char_wb", (3, 5)),
    Block("customer_opening", "char_wb", (3, 5)),
    Block("customer_first_sentence", "word", (1, 2)),
    Block("customer_first_sentence", "char_wb", (3, 5)),
    Block("customer_ending", "word", (1, 2)),
    Block("customer_ending", "char_wb", (3, 5)),
    Block("customer_last_sentence", "word", (1, 2)),
    Block("customer_last_sentence", "char_wb", (3, 5)),
    Block("agent_ending", "word", (1, 2)),
    Block("agent_last_words", "char_wb", (3, 5)),
)
"""Chosen by cross-validation on the training dialogues (docs/classification.md)."""

_RAREST = {"word": 1, "char_wb": 3}
"""Number of calls that an n-gram must occur in to count."""

_SENTENCE_WORDS = 4
"""A turn of fewer words ("tamam iyi günler") is a courtesy, not the customer's first or last word on the matter."""


def views(turns: Sequence[Said]) -> dict[str, str]:
    """Return the texts that the blocks are taken from; what ended a call decides, so the endings stand apart."""
    customer = [turn.text for turn in turns if turn.speaker != Speaker.AGENT]  # undivided speech holds the customer's
    agent = [turn.text for turn in turns if turn.speaker == Speaker.AGENT]
    sentences = [text for text in customer if len(text.split()) >= _SENTENCE_WORDS] or customer or [""]
    return {
        "customer": BREAK.join(customer),
        "agent": BREAK.join(agent),
        "customer_opening": BREAK.join(customer[:2]),
        "customer_first_sentence": sentences[0],
        "customer_ending": BREAK.join(customer[-3:]),
        "customer_last_sentence": sentences[-1],
        "agent_ending": BREAK.join(agent[-3:]),
        "agent_last_words": BREAK.join(agent[-2:]),
    }


class Features:
    """The TF-IDF vectorizers of all blocks, side by side."""

    def __init__(self, vectorizers: Mapping[str, TfidfVectorizer]) -> None:
        """Take fitted vectorizers, by the block's name."""
        self._vectorizers = vectorizers

    @classmethod
    def fit(cls, calls: Sequence[Sequence[Said]]) -> "Features":
        """Learn vocabulary and inverse document frequencies from calls."""
        seen = [views(call) for call in calls]
        vectorizers = {block.name: _vectorizer(block, minimum=_RAREST[block.analyzer]) for block in BLOCKS}
        for block in BLOCKS:
            vectorizers[block.name].fit([view[block.view] for view in seen])
        return cls(vectorizers)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> "Features":
        """Restore what ``to_arrays`` gave."""
        vectorizers = {}
        for block in BLOCKS:
            vocabulary = str(arrays[f"{block.name}.terms"]).split("\n")
            vectorizer = _vectorizer(block, vocabulary=vocabulary)
            vectorizer.idf_ = arrays[f"{block.name}.idf"].astype(np.float64)
            vectorizers[block.name] = vectorizer
        return cls(vectorizers)

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays: terms (joined by line ends) and inverse document frequencies."""
        arrays: dict[str, npt.NDArray[np.generic]] = {}
        for name, vectorizer in self._vectorizers.items():
            arrays[f"{name}.terms"] = np.array("\n".join(vectorizer.get_feature_names_out()))
            arrays[f"{name}.idf"] = vectorizer.idf_.astype(np.float32)
        return arrays

    def transform(self, calls: Sequence[Sequence[Said]]) -> csr_matrix:
        """Return the features of calls, shape (calls, features)."""
        values: list[npt.NDArray[np.float64]] = []
        columns: list[npt.NDArray[np.int64]] = []
        ends = [0]
        for view in map(views, calls):
            start = 0
            for name, weigher in self._weighers:
                found, weights = weigher(view[name])
                columns.append(found + start)
                values.append(weights)
                start += weigher.size
            ends.append(ends[-1] + sum(map(len, values[-len(self._weighers) :])))
        shape = (len(calls), sum(weigher.size for _, weigher in self._weighers))
        return csr_matrix((_joined(values, np.float64), _joined(columns, np.int64), ends), shape=shape)

    @cached_property
    def _weighers(self) -> list[tuple[str, "_Weigher"]]:
        """Each block's view and what is taken from it, once the vectorizers are fitted."""
        return [(block.view, _Weigher(self._vectorizers[block.name], block)) for block in BLOCKS]

    def word_columns(self, view: str) -> dict[str, int]:
        """Return the column of each word n-gram of a view, counted over all blocks."""
        start = 0
        for block in BLOCKS:
            terms = self._vectorizers[block.name].get_feature_names_out()
            if block.view == view and block.analyzer == "word":
                return {str(term): start + position for position, term in enumerate(terms)}
            start += len(terms)
        raise KeyError(view)


class _Weigher:
    """What ``TfidfVectorizer.transform`` does to one text, without its checks, which take ten times as long."""

    def __init__(self, vectorizer: TfidfVectorizer, block: Block) -> None:
        analyze = vectorizer.build_analyzer()
        self._idf = vectorizer.idf_
        self._vocabulary: Mapping[str, int] = vectorizer.vocabulary_
        self.size = len(self._idf)
        by_word = block.analyzer == "char_wb"  # n-grams within words: the same word always has the same ones
        self._grams = partial(_grams_of_words, block.ngrams) if by_word else analyze

    def __call__(self, text: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        known = self._vocabulary
        counts = Counter(known[gram] for gram in self._grams(text) if gram in known)
        columns = np.fromiter(counts.keys(), np.int64, len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * self._idf[columns]
        return columns, weights / (np.linalg.norm(weights) or 1.0)


def _grams_of_words(ngrams: tuple[int, int], text: str) -> list[str]:
    return [gram for word in text.split() for gram in _grams_of_word(ngrams, word)]


@lru_cache(maxsize=50_000)
def _grams_of_word(ngrams: tuple[int, int], word: str) -> tuple[str, ...]:
    analyze = TfidfVectorizer(analyzer="char_wb", ngram_range=ngrams, lowercase=False).build_analyzer()
    return tuple(analyze(word))


def _joined(parts: Sequence[npt.NDArray[Any]], kind: type) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, kind)


def _vectorizer(block: Block, *, minimum: int = 1, vocabulary: list[str] | None = None) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=block.analyzer,
        ngram_range=block.ngrams,
        token_pattern=r"[^ .]+" if block.analyzer == "word" else None,
        lowercase=False,  # the text is lower case already, and Python lower-cases the Turkish I wrongly
        sublinear_tf=True,
        min_df=minimum,
        vocabulary=vocabulary,
    )
