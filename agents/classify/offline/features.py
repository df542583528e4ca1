"""What the offline classifier looks at: who said what, and what was said at the beginning and at the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from schemas import Speaker

BREAK = " . "
"""Between turns, so that no n-gram spans two of them."""


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
"""A turn of fewer words ("tamam iyi günler") is a courtesy, not the customer's last word on the matter."""


def views(turns: Sequence[Said]) -> dict[str, str]:
    """Return the texts that the blocks are taken from; what ended a call decides, so the endings stand apart."""
    customer = [turn.text for turn in turns if turn.speaker != Speaker.AGENT]  # undivided speech holds the customer's
    agent = [turn.text for turn in turns if turn.speaker == Speaker.AGENT]
    return {
        "customer": BREAK.join(customer),
        "agent": BREAK.join(agent),
        "customer_opening": BREAK.join(customer[:2]),
        "customer_ending": BREAK.join(customer[-3:]),
        "customer_last_sentence": _last_sentence(customer),
        "agent_ending": BREAK.join(agent[-3:]),
        "agent_last_words": BREAK.join(agent[-2:]),
    }


def _last_sentence(texts: Sequence[str]) -> str:
    sentences = [text for text in texts if len(text.split()) >= _SENTENCE_WORDS] or list(texts)
    return sentences[-1] if sentences else ""


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
        seen = [views(call) for call in calls]
        parts = [self._vectorizers[block.name].transform([view[block.view] for view in seen]) for block in BLOCKS]
        return hstack(parts, format="csr")

    def word_columns(self, view: str) -> dict[str, int]:
        """Return the column of each word n-gram of a view, counted over all blocks."""
        start = 0
        for block in BLOCKS:
            terms = self._vectorizers[block.name].get_feature_names_out()
            if block.view == view and block.analyzer == "word":
                return {str(term): start + position for position, term in enumerate(terms)}
            start += len(terms)
        raise KeyError(view)


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
