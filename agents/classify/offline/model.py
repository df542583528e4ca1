"""The offline model: a linear classifier as plain arrays, loaded without executing anything."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from agents.classify.offline.features import Features, Said
from schemas import Speaker

SHIPPED = Path(__file__).with_name("model.npz")


@dataclass(frozen=True)
class OfflineModel:
    """Multinomial logistic regression with a calibrated temperature."""

    features: Features
    leaves: tuple[str, ...]
    """Leaf codes, in the order of the weights' rows."""
    weights: npt.NDArray[np.float32]
    """Shape (leaves, features)."""
    intercept: npt.NDArray[np.float32]
    """Shape (leaves,)."""
    temperature: float
    """Divides the scores before the softmax, so that probabilities mean what they say."""
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
            weights=arrays["weights"].astype(np.float32),
            intercept=arrays["intercept"],
            temperature=float(arrays["temperature"]),
            card=json.loads(str(arrays["card"])),
        )

    def save(self, path: Path) -> None:
        """Write the model as plain arrays, the weights at half precision."""
        card = np.array(json.dumps(self.card, ensure_ascii=False, sort_keys=True))
        np.savez_compressed(path, allow_pickle=False, card=card, **self._arrays())

    def _arrays(self) -> dict[str, Any]:
        return {
            "leaves": np.array("\n".join(self.leaves)),
            "weights": self.weights.astype(np.float16),
            "intercept": self.intercept,
            "temperature": np.array(self.temperature),
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
        scores = self.features.transform(calls) @ self._columns + self.intercept
        return softmax(scores / self.temperature)

    @cached_property
    def _columns(self) -> npt.NDArray[np.float64]:
        """The weights as the product with sparse features needs them; else every call would copy them."""
        return np.ascontiguousarray(self.weights.T, dtype=np.float64)

    @cached_property
    def _customer_words(self) -> dict[str, int]:
        return self.features.word_columns("customer")

    def telling_words(self, turns: Sequence[Said], leaf: str, most: int) -> list[str]:
        """Return the customer's words that speak most for ``leaf`` against the other leaves, strongest first."""
        row = self.leaves.index(leaf)
        said = {word for turn in turns if turn.speaker != Speaker.AGENT for word in turn.text.split()}
        columns = [(word, self._customer_words[word]) for word in sorted(said) if word in self._customer_words]
        strength = {word: float(self.weights[row, column] - self.weights[:, column].mean()) for word, column in columns}
        return [word for word in sorted(strength, key=lambda word: -strength[word]) if strength[word] > 0][:most]


def softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Turn scores of shape (calls, leaves) into probabilities of the same shape."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: npt.NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return result
