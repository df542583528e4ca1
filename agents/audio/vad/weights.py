"""The weights of Silero VAD's default model, read from the file that silero-vad ships, without importing torch.

The file is TorchScript: a ZIP archive with the tensors as raw numbers and a pickle that says which is which.
"""

import hashlib
import io
import pickle
import zipfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from streams.errors import CallsiftError

Floats = npt.NDArray[np.float32]

_SHA256 = "a66a74c9d1f5d4ba06ea3697c164c5a00db0cf5c355814a0e485e3e81cf92885"
"""Of the weights of 16,000 Hz, in the order of their names. The same in silero-vad 6.2.1 to 6.2.3."""

_CURE = "Install a version of silero-vad that pyproject.toml allows"


class UnknownModel(CallsiftError):
    """silero-vad is not installed, or ships another model than the one whose arithmetic is written down here."""


def read_weights() -> dict[str, Floats]:
    """Return the tensors of the model for 16,000 Hz by their names.

    Raises:
        UnknownModel: There are none, or they are not those of the model that ``agents.audio.vad.model`` computes.
    """
    package = find_spec("silero_vad")
    if package is None or package.origin is None:
        raise UnknownModel(
            "silero-vad is not installed", "Install callsift with its extra: pip install 'callsift[audio]'"
        )
    try:
        weights = _tensors(Path(package.origin).parent / "data" / "silero_vad.jit")
    except (OSError, KeyError, ValueError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise UnknownModel(f"silero-vad ships no model that can be read ({type(error).__name__})", _CURE) from error
    if digest(weights) != _SHA256:
        raise UnknownModel("silero-vad ships another model than the one that is computed here", _CURE)
    return weights


def digest(weights: Mapping[str, Floats]) -> str:
    """Return the SHA-256 of all weights."""
    found = hashlib.sha256()
    for name in sorted(weights):
        found.update(name.encode() + np.ascontiguousarray(weights[name]).tobytes())
    return found.hexdigest()


def _tensors(archive: Path) -> dict[str, Floats]:
    with zipfile.ZipFile(archive) as content:
        (pickled,) = (name for name in content.namelist() if name.endswith("/data.pkl"))
        folder = pickled.removesuffix("data.pkl") + "data/"
        root = _Reader(io.BytesIO(content.read(pickled)), lambda number: content.read(folder + number)).load()
        return dict(_named(root.state["_model"], ""))


class _Reader(pickle.Unpickler):
    """Reads the tensors and the names, and imports and calls nothing that the file names."""

    def __init__(self, file: io.BytesIO, storage: Any) -> None:
        super().__init__(file)
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        return _tensor if (module, name) == ("torch._utils", "_rebuild_tensor_v2") else _Module

    def persistent_load(self, pid: tuple[Any, ...]) -> Floats:
        return np.frombuffer(self._storage(pid[2]), np.float32)


class _Module:
    """A layer, or anything else that is no tensor."""

    state: Any = None

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _tensor(storage: Floats, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object) -> Floats:
    steps = [stride * storage.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps, writeable=False)


def _named(module: _Module, prefix: str) -> Any:
    for name, part in module.state.items():
        if isinstance(part, np.ndarray):
            yield prefix + name, part
        elif isinstance(getattr(part, "state", None), dict):
            yield from _named(part, f"{prefix}{name}.")
