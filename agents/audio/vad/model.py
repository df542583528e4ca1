"""Silero VAD's default model for whole blocks and all channels at once: its arithmetic in another order.

The model takes windows of 32 ms one by one, but only its recurrent layer needs one after the other. Spectra and
convolutions are computed here for many windows of all channels at once, as a few large matrix products; the recurrent
layer goes through the block with the channels side by side. Probabilities differ from silero-vad's own by 3e-5 at most
(docs/performance-speech.md); segments are the same.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from agents.audio.vad.weights import Floats, read_weights

FRAME = 512
"""Samples of a window."""
CONTEXT = 64
"""Samples of the window before that the model sees with each window, and as many mirrored at its end."""
WIDTH = 128
"""Of what the convolutions give and the recurrent layer keeps."""
_BINS, _SPECTRA, _TRANSFORM, _HOP = 129, 4, 256, 128
_AT_ONCE = 256
"""Windows whose spectra and convolutions are computed at once: their intermediate results stay in the cache."""
_GATES = 3 * WIDTH

Layer = tuple[Floats, Floats]
"""Matrix of shape (inputs, outputs), and bias."""


class State(NamedTuple):
    """What the recurrent layer keeps from window to window; each of shape (128, channels)."""

    hidden: Floats
    """Twice the output, as ``_recurrent`` has it."""
    cell: Floats

    @classmethod
    def before(cls, channels: int) -> "State":
        """Return what the model starts with."""
        return cls(np.zeros((WIDTH, channels), np.float32), np.zeros((WIDTH, channels), np.float32))


class Model(NamedTuple):
    """The weights, arranged for ``probabilities``."""

    window: Floats
    """Hann's, of the spectra."""
    convolutions: tuple[Layer, Layer, Layer, Layer]
    recurrent: tuple[Floats, Layer]
    """What the layer's own output is multiplied by, shape (512, 128), and the matrix and bias of its input."""
    output: Layer

    def probabilities(self, signal: Floats, state: State) -> tuple[Floats, State]:
        """Return how probably each window is speech, shape (channels, windows), and the state after the last one.

        Args:
            signal: Shape (channels, CONTEXT + windows x FRAME), -1 to 1: the context, and whole windows.
            state: That of the block before.
        """
        channels, windows = signal.shape[0], signal.shape[1] // FRAME
        encoded = np.empty((windows, channels, WIDTH), np.float32)
        step = max(1, _AT_ONCE // channels)
        for start in range(0, windows, step):
            part = slice(start, min(start + step, windows))
            spectra = _spectra(signal[:, part.start * FRAME : part.stop * FRAME + CONTEXT], self.window)
            encoded[part] = _encoded(spectra, self.convolutions).reshape(-1, channels, WIDTH)
        hidden, state = _recurrent(encoded, state, *self.recurrent)
        matrix, bias = self.output
        raw = np.tensordot(matrix, np.maximum(hidden, 0), axes=(0, 1)) + bias
        return np.asarray(1 / (1 + np.exp(-raw.T)), np.float32), state


@cache
def load_model() -> Model:
    """Read the model that silero-vad ships, once per process; matrix products of the process keep to one thread.

    Raises:
        UnknownModel: silero-vad is missing or ships another one.
    """
    threadpool_limits(1, user_api="blas")  # the products are small: two threads take twice the CPU time and no less
    weights = read_weights()

    def convolution(number: int) -> Layer:
        kernel = weights[f"encoder.{number}.reparam_conv.weight"]  # (outputs, inputs, taps)
        matrix = np.ascontiguousarray(kernel.transpose(2, 1, 0)).reshape(-1, len(kernel))
        return matrix, weights[f"encoder.{number}.reparam_conv.bias"]

    third, fourth = convolution(2), convolution(3)
    return Model(
        window=weights["stft.forward_basis_buffer"][0, 0].copy(),
        convolutions=(
            convolution(0),
            convolution(1),
            (third[0][64:], third[1]),  # the first tap only ever meets padding
            (fourth[0][64:128], fourth[1]),  # the first and the last tap likewise
        ),
        recurrent=_rearranged(weights),
        output=(weights["decoder.decoder.2.weight"].reshape(-1) * np.float32(0.5), weights["decoder.decoder.2.bias"]),
    )


def _rearranged(weights: dict[str, Floats]) -> tuple[Floats, Layer]:
    """Order the gates input, forget, output, candidate, and halve what goes into a sigmoid.

    sigmoid(x) = (1 + tanh(x / 2)) / 2, so that one tanh does for all four. The halves that are left over are taken out
    of the output: ``_recurrent`` gives twice the layer's, and what it is multiplied by is halved.
    """
    order = np.r_[0 : 2 * WIDTH, 3 * WIDTH : 4 * WIDTH, 2 * WIDTH : 3 * WIDTH]  # torch has the output gate last
    scale = np.where(np.arange(4 * WIDTH) < _GATES, 0.5, 1.0).astype(np.float32)[:, np.newaxis]
    of_input, of_output = (weights[f"decoder.rnn.weight_{name}"][order] * scale for name in ("ih", "hh"))
    bias = (weights["decoder.rnn.bias_ih"] + weights["decoder.rnn.bias_hh"])[order] * scale[:, 0]
    return np.asfortranarray(of_output * np.float32(0.5)), (np.ascontiguousarray(of_input.T), bias)


def _recurrent(encoded: Floats, state: State, matrix: Floats, of_input: Layer) -> tuple[Floats, State]:
    """Run the LSTM (``torch.nn.LSTMCell``) over all windows; twice its output, shape (windows, 128, channels)."""
    windows, channels, _ = encoded.shape
    inputs = encoded.reshape(-1, WIDTH) @ of_input[0] + of_input[1]
    inputs = np.ascontiguousarray(inputs.reshape(windows, channels, -1).transpose(0, 2, 1))
    hidden = np.empty((windows, WIDTH, channels), np.float32)
    raw = np.concatenate([np.empty((4 * WIDTH, channels), np.float32), state.cell])  # what the cell keeps stays below
    gates, candidate_and_cell, cell = raw[:_GATES], raw[_GATES:], raw[4 * WIDTH :]
    gates_in_and_forget, gate_out, raw = gates[: 2 * WIDTH], gates[2 * WIDTH :], raw[: 4 * WIDTH]
    added, kept = (products := np.empty((2 * WIDTH, channels), np.float32))[:WIDTH], products[WIDTH:]
    before = state.hidden
    half, one = np.float32(0.5), np.float32(1)
    dot, add, multiply, tanh = np.dot, np.add, np.multiply, np.tanh  # looked up once: this is the innermost loop
    for given, after in zip(inputs, hidden, strict=True):
        dot(matrix, before, raw)
        add(raw, given, raw)
        tanh(raw, raw)
        add(gates, one, gates)
        multiply(gates_in_and_forget, candidate_and_cell, products)
        add(added, kept, cell)
        multiply(cell, half, cell)
        tanh(cell, after)
        multiply(after, gate_out, after)
        before = after
    return hidden, State(before.copy(), cell.copy())


def _spectra(signal: Floats, window: Floats) -> Floats:
    """Return the magnitudes of each window's four spectra, shape (windows x channels, 4 x 129)."""
    channels, windows = signal.shape[0], signal.shape[1] // FRAME
    row, sample = signal.strides
    parts = np.empty((windows, channels, _SPECTRA, _TRANSFORM), np.float32)

    def view(first: int, shape: tuple[int, ...], strides: Sequence[int]) -> Floats:
        return np.lib.stride_tricks.as_strided(
            signal[:, first:], (windows, channels, *shape), (FRAME * sample, row, *strides), writeable=False
        )

    inside, mirrored = _TRANSFORM - CONTEXT, CONTEXT + FRAME - 2
    np.multiply(view(0, (_SPECTRA - 1, _TRANSFORM), (_HOP * sample, sample)), window, out=parts[:, :, :-1])
    np.multiply(view((_SPECTRA - 1) * _HOP, (inside,), (sample,)), window[:inside], out=parts[:, :, -1, :inside])
    np.multiply(view(mirrored, (CONTEXT,), (-sample,)), window[inside:], out=parts[:, :, -1, inside:])
    magnitudes: Floats = np.abs(np.fft.rfft(parts)).astype(np.float32, copy=False).reshape(windows * channels, -1)
    return magnitudes


def _encoded(spectra: Floats, layers: tuple[Layer, Layer, Layer, Layer]) -> Floats:
    """Run the four convolutions, shape (windows x channels, 128); products with padding are left out."""
    (first, second, third, fourth), bins, half = layers, _BINS, WIDTH // 2
    matrix, bias = first
    quarters = np.empty((len(spectra), _SPECTRA, WIDTH), np.float32)
    np.matmul(spectra[:, : 2 * bins], matrix[bins:], out=quarters[:, 0])
    np.matmul(spectra[:, : 3 * bins], matrix, out=quarters[:, 1])
    np.matmul(spectra[:, bins:], matrix, out=quarters[:, 2])
    np.matmul(spectra[:, 2 * bins :], matrix[: 2 * bins], out=quarters[:, 3])
    found = _rectified(quarters, bias).reshape(len(spectra), -1)
    matrix, bias = second
    halves = np.empty((len(spectra), 2, half), np.float32)
    np.matmul(found[:, : 2 * WIDTH], matrix[WIDTH:], out=halves[:, 0])
    np.matmul(found[:, WIDTH:], matrix, out=halves[:, 1])
    found = _rectified(halves, bias).reshape(len(spectra), -1)
    found = _rectified(found @ third[0], third[1])
    return _rectified(found @ fourth[0], fourth[1])


def _rectified(signal: Floats, bias: Floats) -> Floats:
    signal += bias
    return np.maximum(signal, 0, out=signal)
