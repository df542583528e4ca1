"""The offline model: a linear classifier as plain arrays, loaded without executing anything."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from agents.classify.offline.features import Features, Said, is_undivided

_KNOWN_WORDS = 0.5
"""Share of the words that have to be known for a call's scores to count in full."""

SHIPPED = Path(__file__).with_name("model.npz")
ENOUGH_EXAMPLES = 16
"""Dialogues of a leaf from which on it is answered (docs/own-business.md has the measurement)."""


@dataclass(frozen=True)
class OfflineModel:
    """Multinomial logistic regression with a calibrated temperature."""

    features: Features
    leaves: tuple[str, ...]
    """Leaf codes, in the order of the weights' rows."""
    weights: npt.NDArray[np.float16]
    """Shape (leaves, features)."""
    intercept: npt.NDArray[np.float32]
    """Shape (2, leaves): of calls whose speakers are kept apart (both kinds' together), and of undivided ones."""
    temperature: npt.NDArray[np.float64]
    """Divides the scores before the softmax, so that probabilities mean what they say; shape (2,), as above."""
    card: dict[str, Any]
    """What the model was trained on and what it reached."""

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Self:
        """Read a model file.

        Raises:
            OSError: There is none.
            ValueError: It is damaged, or holds anything but plain arrays.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = dict(file)
        except BadZipFile as error:
            raise ValueError(f"{path} is no model file") from error
        return cls(
            features=Features.from_arrays(arrays),
            leaves=tuple(str(arrays["leaves"]).split("\n")),
            weights=np.asfortranarray(arrays["weights"]),  # what a call has is read column by column
            intercept=arrays["intercept"],
            temperature=arrays["temperature"],
            card=json.loads(str(arrays["card"])),
        )

    @property
    def language(self) -> str:
        """Language of the dialogues that were learnt from, as a BCP 47 tag: it justifies itself in it."""
        return str(self.card.get("language", "tr"))

    @cached_property
    def unsure(self) -> dict[str, int]:
        """Leaves of which too few dialogues were learnt to answer them, with how many."""
        return {str(leaf): int(count) for leaf, count in self.card.get("unsure", {}).items()}

    def save(self, path: Path) -> None:
        """Write the model as plain arrays."""
        card = np.array(json.dumps(self.card, ensure_ascii=False, sort_keys=True))
        np.savez_compressed(path, allow_pickle=False, card=card, **self._arrays())

    def _arrays(self) -> dict[str, Any]:
        return {
            "leaves": np.array("\n".join(self.leaves)),
            "weights": self.weights,
            "intercept": self.intercept,
            "temperature": self.temperature,
            **self.features.to_arrays(),
        }

    @cached_property
    def version(self) -> str:
        """Name of the model: the digest of its arrays, so that two that may answer differently differ in name."""
        arrays = self._arrays()
        content = hashlib.sha256()
        for name in sorted(arrays):
            content.update(name.encode() + arrays[name].tobytes())
        return f"offline-{content.hexdigest()[:12]}"

    def probabilities(self, calls: Sequence[Sequence[Said]]) -> npt.NDArray[np.float64]:
        """Return the probability of each leaf, shape (calls, leaves)."""
        return softmax(np.array([self._scores(call) for call in calls]).reshape(-1, len(self.leaves)))

    def _scores(self, call: Sequence[Said]) -> npt.NDArray[np.float64]:
        """Return the score of each leaf; summed in order and not by BLAS, so that every machine gets the same.

        Where few of the words occur in what was learnt, all scores come close to 0: nothing is known of such calls.
        """
        columns, values = self.features.found(call)
        parts = self.weights.T[columns].astype(np.float64, order="C") * values[:, np.newaxis]
        kind, trust = int(is_undivided(call)), min(1.0, self.features.known_words(call) / _KNOWN_WORDS)
        scores: npt.NDArray[np.float64] = (parts.sum(axis=0) + self.intercept[kind]) * trust / self.temperature[kind]
        return scores

    def telling_words(self, turn: Said, leaf: str) -> list[float]:
        """Return for each word of a turn how much it speaks for ``leaf`` against the other leaves.

        A word that was not learnt speaks for nothing.
        """
        known = self.features.words(turn)
        row, columns = self.leaves.index(leaf), [column for column, _ in known.values()]
        weights = self.weights.T[columns].astype(np.float32, order="C")
        against = weights[:, row] - weights.mean(axis=1)
        strength = {word: float(own) * idf for (word, (_, idf)), own in zip(known.items(), against, strict=True)}
        return [strength.get(word, 0.0) for word in turn.text.split()]


@cache
def shipped_model() -> OfflineModel:
    """Return the model that comes with callsift; a process, and whatever it forks then, holds it once."""
    return OfflineModel.load()


def softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Turn scores of shape (calls, leaves) into probabilities of the same shape."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: npt.NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return result
