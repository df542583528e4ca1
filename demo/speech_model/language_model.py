"""Which word follows which: a backoff bigram, estimated from generated sentences."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from vocabulary import Templates, words_of

SENTENCE_START, SENTENCE_END = "<s>", "</s>"
SENTENCES, SEED = 20_000, 7

# The template text is far more regular than speech. What evaluate.py gives with the two floors, on the telephone, and
# without them: words in random order 4.9 % and 8.2 % wrong, sentences 1.5 % and 1.2 %.
BACKOFF_FLOOR = 0.2
"""After any word, at least this much of the probability goes to words never seen there."""
FLAT_SHARE = 0.3
"""This much of the unigram is the same for every word."""
DISCOUNT = 0.6
"""Taken from each bigram's count (absolute discounting)."""
UNIGRAM_FLOOR = 0.3
"""Added to each word's count."""


@dataclass(frozen=True)
class Bigram:
    """Probabilities; SENTENCE_START is a history only, SENTENCE_END a word only."""

    unigram: dict[str, float]
    """Word -> probability when the history says nothing."""

    seen: dict[str, dict[str, float]]
    """History -> word -> probability, for the pairs that were seen."""

    backoff: dict[str, float]
    """History -> what the unigram is multiplied by for all other words; 1 for histories never seen."""


def estimate(templates: Templates) -> Bigram:
    """The same templates give the same model."""
    counts = _pair_counts(templates)
    unigram = _unigram(counts, templates.words)
    seen: dict[str, dict[str, float]] = {}
    backoff: dict[str, float] = dict.fromkeys(templates.words, 1.0)
    for history, followers in counts.items():
        total = followers.total()
        kept = {word: (count - DISCOUNT) / total for word, count in followers.items()}
        rest = max(1 - sum(kept.values()), BACKOFF_FLOOR)
        scale = (1 - rest) / sum(kept.values())
        seen[history] = {word: share * scale + rest * unigram[word] for word, share in kept.items()}
        backoff[history] = rest
    return Bigram(unigram, seen, backoff)


def sentences(templates: Templates) -> Iterator[list[str]]:
    """The text that the model is estimated from."""
    rng = random.Random(SEED)
    for _ in range(SENTENCES):
        yield words_of(templates.utterance(rng))


def _pair_counts(templates: Templates) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in sentences(templates):
        history = SENTENCE_START
        for word in [*sentence, SENTENCE_END]:
            counts[history][word] += 1
            history = word
    return counts


def _unigram(counts: dict[str, Counter[str]], words: list[str]) -> dict[str, float]:
    unigram = Counter(dict.fromkeys([*words, SENTENCE_END], 0))
    for followers in counts.values():
        unigram.update(followers)
    total = unigram.total() + UNIGRAM_FLOOR * len(unigram)
    flat = FLAT_SHARE / len(unigram)
    return {word: (1 - FLAT_SHARE) * (count + UNIGRAM_FLOOR) / total + flat for word, count in unigram.items()}
