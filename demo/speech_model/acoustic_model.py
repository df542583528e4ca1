"""The trained network as plain numbers, and the small file that keeps it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = "acoustic_model.npz"


@dataclass(frozen=True)
class AffineLayer:
    """One layer: ``weights @ concatenate(input[t + offset] for each offset) + bias``."""

    offsets: tuple[int, ...]
    """Which frames the layer sees, relative to its own, in 10 ms frames."""

    weights: NDArray[np.float32]
    """Shape (outputs, inputs * offsets), all inputs of the first offset first, as Kaldi's ``Append()`` gives them."""

    bias: NDArray[np.float32]
    """Shape (outputs,)."""


@dataclass(frozen=True)
class AcousticModel:
    """Everything that training finds out."""

    phones: list[str]
    """espeak-ng's phoneme names, without silence; phone k is pdf k + 1."""

    priors: NDArray[np.float32]
    """Shape (pdfs,): how often each pdf was heard in training, as a probability."""

    stay_probabilities: NDArray[np.float32]
    """Shape (pdfs,): the probability that a phone goes on for another 30 ms."""

    layers: list[AffineLayer]
    """ReLU between layers, log-softmax after the last."""

    def save(self, path: Path) -> None:
        """Write the file; weights in half precision, as ``final.mdl`` keeps no more than 16 bits of them either."""
        arrays = {}
        for number, layer in enumerate(self.layers):
            arrays[f"offsets_{number}"] = np.array(layer.offsets, np.int32)
            arrays[f"weights_{number}"] = layer.weights.astype(np.float16)
            arrays[f"bias_{number}"] = layer.bias.astype(np.float32)
        np.savez(
            path,
            allow_pickle=False,
            phones=np.array(self.phones),
            priors=self.priors.astype(np.float32),
            stay_probabilities=self.stay_probabilities.astype(np.float32),
            layer_count=np.array(len(self.layers)),
            **arrays,
        )

    @classmethod
    def load(cls, path: Path) -> "AcousticModel":
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            layers = [
                AffineLayer(
                    tuple(int(offset) for offset in arrays[f"offsets_{number}"]),
                    arrays[f"weights_{number}"].astype(np.float32),
                    arrays[f"bias_{number}"],
                )
                for number in range(int(arrays["layer_count"]))
            ]
            phones = [str(phone) for phone in arrays["phones"]]
            return cls(phones, arrays["priors"], arrays["stay_probabilities"], layers)
