"""What the offline classifier looks at: who said what, and what was said at the beginning and at the end."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain
from typing import Protocol

import numpy as np
import numpy.typing as npt

from agents.classify.offline import ngrams
from schemas import Speaker

Learnt = tuple[Sequence[str], npt.NDArray[np.float64]]
"""The terms of a block, and the inverse document frequency of each."""

BREAK = " . "
"""Between turns. Character n-grams stay within words, so that it only counts the turns; word n-grams step over it."""


_UNDIVIDED = "undivided"


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
    rarest: int = 1
    """Number of calls that an n-gram must occur in to count."""

    @property
    def is_of_undivided(self) -> bool:
        """Whether it is learnt from calls whose speakers are not kept apart, and else from all others."""
        return self.view.startswith(_UNDIVIDED)

    @property
    def name(self) -> str:
        """Name of the block in the model file."""
        return f"{self.view}.{self.analyzer}"

    def grams(self, text: str) -> Sequence[str]:
        """Return the n-grams of a text of that view."""
        make = ngrams.of_words if self.analyzer == "word" else ngrams.within_words
        return make(self.ngrams, text)


BLOCKS = (
    Block("customer", "word", (1, 2)),
    Block("customer", "char_wb", (3, 5), 3),
    Block("agent", "word", (1, 2)),
    Block("agent", "char_wb", (3, 5), 3),
    Block("customer_opening", "char_wb", (3, 5), 3),
    Block("customer_first_sentence", "word", (1, 2)),
    Block("customer_first_sentence", "char_wb", (3, 5), 3),
    Block("customer_ending", "word", (1, 2)),
    Block("customer_ending", "char_wb", (3, 5), 3),
    Block("customer_last_sentence", "word", (1, 2)),
    Block("customer_last_sentence", "char_wb", (3, 5), 3),
    Block("agent_ending", "word", (1, 2)),
    Block("agent_last_words", "char_wb", (3, 5), 3),
    Block("undivided", "word", (1, 2), 3),
    Block("undivided", "char_wb", (3, 5), 8),
    Block("undivided_opening", "char_wb", (3, 5), 8),
    Block("undivided_ending", "word", (1, 2), 3),
    Block("undivided_ending", "char_wb", (3, 5), 8),
)
"""Chosen by cross-validation on the training dialogues (docs/classification.md)."""

_SENTENCE_WORDS = 4
"""A turn of fewer words ("tamam iyi günler") is a courtesy, not the customer's first or last word on the matter."""

_UNDIVIDED_WORDS = 25
"""Opening and ending of a call whose speakers are not kept apart: its turns end at pauses, and say nothing."""


def is_undivided(turns: Sequence[Said]) -> bool:
    """Tell whether the speakers of a call are not kept apart."""
    return any(turn.speaker == Speaker.UNDIVIDED for turn in turns)


def views(turns: Sequence[Said]) -> dict[str, str]:
    """Return the texts that the blocks are taken from; what ended a call decides, so the endings stand apart.

    A call whose speakers are kept apart is seen as an undivided one as well: the two err on different calls.
    """
    undivided = [word for turn in turns for word in turn.text.split()]
    customer = [turn.text for turn in turns if turn.speaker == Speaker.CUSTOMER]
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
        "undivided": " ".join(undivided),
        "undivided_opening": " ".join(undivided[:_UNDIVIDED_WORDS]),
        "undivided_ending": " ".join(undivided[-_UNDIVIDED_WORDS:]),
    }


class Features:
    """What is counted in a call, by TF-IDF: all blocks side by side, as scikit-learn's TfidfVectorizer weighs each."""

    def __init__(self, learnt: Mapping[str, Learnt]) -> None:
        """Take what was learnt of each block, by its name."""
        self._weighers = [_Weigher(block, *learnt[block.name]) for block in BLOCKS]
        self._weighers_of_words = {own.block.view: own for own in self._weighers if own.block.analyzer == "word"}
        ends = accumulate(weigher.size for weigher in self._weighers)
        self._starts = {own.block.name: end - own.size for own, end in zip(self._weighers, ends, strict=True)}
        self.size = sum(weigher.size for weigher in self._weighers)
        """Number of columns."""

    @classmethod
    def fit(cls, calls: Sequence[Sequence[Said]]) -> "Features":
        """Learn terms and inverse document frequencies from calls, each block from those of its kind."""
        kinds: dict[bool, list[dict[str, str]]] = {False: [], True: []}
        for call in calls:
            kinds[is_undivided(call)].append(views(call))
        return cls(
            {
                block.name: _learnt(block, [view[block.view] for view in kinds[block.is_of_undivided]])
                for block in BLOCKS
            }
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> "Features":
        """Restore what ``to_arrays`` gave."""
        return cls(
            {
                block.name: (
                    [sys.intern(term) for term in str(arrays[f"{block.name}.terms"]).split("\n") if term],
                    arrays[f"{block.name}.idf"].astype(np.float64),
                )
                for block in BLOCKS
            }
        )

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays: terms (joined by line ends) and inverse document frequencies."""
        arrays: dict[str, npt.NDArray[np.generic]] = {}
        for weigher in self._weighers:
            arrays[f"{weigher.block.name}.terms"] = np.array("\n".join(weigher.positions))
            arrays[f"{weigher.block.name}.idf"] = weigher.idf.astype(np.float32)
        return arrays

    def found(self, call: Sequence[Said]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return the columns of what is in a call, and how much each weighs; both of the same length."""
        view, start = views(call), 0
        columns, weights = [], []
        for weigher in self._weighers:
            own, heavy = weigher(view[weigher.block.view])
            columns.append(own + start)
            weights.append(heavy)
            start += weigher.size
        return np.concatenate(columns), np.concatenate(weights)

    def known_words(self, call: Sequence[Said]) -> float:
        """Return the share of a call's words that occur in the calls that were learnt from, 0 to 1."""
        heard = [
            (turn.text.split(), self._weighers_of_words[turn.speaker.value].positions) for turn in call if turn.text
        ]
        words = sum(len(said) for said, _ in heard)
        return sum(word in positions for said, positions in heard for word in said) / words if words else 0.0

    def words(self, turn: Said) -> dict[str, tuple[int, float]]:
        """Return each known word of a turn: its column among its speaker's words, and how rare it is."""
        weigher = self._weighers_of_words[turn.speaker.value]
        start = self._starts[weigher.block.name]
        known = {word: weigher.positions[word] for word in turn.text.split() if word in weigher.positions}
        return {word: (start + column, float(weigher.idf[column])) for word, column in known.items()}


class _Weigher:
    """One block: the columns of what is in a text, and weights, which are a vector of length 1."""

    def __init__(self, block: Block, terms: Sequence[str], idf: npt.NDArray[np.float64]) -> None:
        self.block = block
        self.positions = {term: position for position, term in enumerate(terms)}
        self.idf = idf
        self.size = len(idf)
        self._kept = lru_cache(maxsize=4096)(self._within)

    def __call__(self, text: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        counts = Counter(self._columns(text))
        columns = np.fromiter(counts.keys(), np.int64, len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * self.idf[columns]
        return columns, weights / (np.linalg.norm(weights) or 1.0)

    def _columns(self, text: str) -> Iterable[int]:
        """Return the column of each known n-gram of a text, again for each time that it occurs."""
        if self.block.analyzer == "word":
            return self._within(text)
        words = text.split()
        return chain.from_iterable(
            (self._kept if len(word) <= ngrams.LONGEST else self._within)(word) for word in words
        )

    def _within(self, text: str) -> tuple[int, ...]:
        return tuple(self.positions[gram] for gram in self.block.grams(text) if gram in self.positions)


def _learnt(block: Block, texts: Sequence[str]) -> Learnt:
    """Return the terms that are in enough of the texts, and how rare they are there."""
    holding = Counter(gram for text in texts for gram in set(block.grams(text)))
    terms = sorted(gram for gram, number in holding.items() if number >= block.rarest)
    numbers = np.array([holding[term] for term in terms], np.float64)
    return terms, 1 + np.log((1 + len(texts)) / (1 + numbers))
