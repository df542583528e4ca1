"""Kaldi's binary format for ``final.mdl``: the transition model and the network, written by hand.

A token is its text and one space; a number is its size in bytes and its little-endian value. See ``WriteBasicType`` in
Kaldi's ``base/io-funcs-inl.h``, ``TransitionModel::Write`` and ``AmNnetSimple::Write``.
"""

import math
import struct

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acoustic_model import AcousticModel, AffineLayer
from features import COEFFICIENTS
from phones import PhoneTable

BINARY_MARK = b"\0B"
FINAL_STATE = -1


def final_mdl(model: AcousticModel) -> bytes:
    """The content of ``am/final.mdl``."""
    table = PhoneTable(model.phones)
    return BINARY_MARK + _transition_model(table, model.stay_probabilities) + _network(model)


def _token(text: str) -> bytes:
    return text.encode() + b" "


def _int32(value: int) -> bytes:
    return b"\x04" + struct.pack("<i", value)


def _float32(value: float) -> bytes:
    return b"\x04" + struct.pack("<f", value)


def _float64(value: float) -> bytes:
    return b"\x08" + struct.pack("<d", value)


def _int_vector(values: list[int]) -> bytes:
    return b"\x04" + struct.pack("<i", len(values)) + np.asarray(values, "<i4").tobytes()


def _float_vector(values: ArrayLike) -> bytes:
    array = np.asarray(values, "<f4")
    return _token("FV") + _int32(len(array)) + array.tobytes()


def _matrix(values: NDArray[np.float32]) -> bytes:
    """A CompressedMatrix with one header and 16-bit values: half the size of floats, and Kaldi reads both."""
    low = float(values.min())
    extent = max(float(values.max()) - low, 1e-6)
    codes = np.round((values - low) / extent * 65535).astype("<u2")
    return _token("CM2") + struct.pack("<ffii", low, extent, *values.shape) + codes.tobytes()


def _transition_model(table: PhoneTable, stay_probabilities: NDArray[np.float32]) -> bytes:
    """One topology for all phones: a single emitting state that loops or leaves, at least one 30 ms frame."""
    phone_ids = list(table.names)
    topology = [
        _int_vector(phone_ids),
        _int_vector([-1] + [0] * len(phone_ids)),  # phone id -> topology; there is no phone 0
        _int32(1),  # topologies
        _int32(2),  # states of the first
        *[_int32(0), _int32(2), _int32(0), _float32(0.5), _int32(1), _float32(0.5)],  # pdf class 0; to 0, to 1
        *[_int32(FINAL_STATE), _int32(0)],  # no pdf, no transitions
    ]
    triples = [_int32(number) for phone_id in phone_ids for number in (phone_id, 0, table.pdf(phone_id))]
    log_probabilities = [0.0]  # transition ids start at 1
    for phone_id in phone_ids:
        stay = float(stay_probabilities[table.pdf(phone_id)])
        log_probabilities += [math.log(stay), math.log(1 - stay)]
    return b"".join(
        [
            *[_token("<TransitionModel>"), _token("<Topology>"), *topology, _token("</Topology>")],
            *[_token("<Triples>"), _int32(len(phone_ids)), *triples, _token("</Triples>")],
            *[_token("<LogProbs>"), _float_vector(log_probabilities), _token("</LogProbs>")],
            _token("</TransitionModel>"),
        ]
    )


def _network(model: AcousticModel) -> bytes:
    """``AmNnetSimple``: the wiring as text, the components as numbers, the context and the priors."""
    wiring = [f"input-node name=input dim={COEFFICIENTS}"]
    components = []
    below = "input"
    for number, layer in enumerate(model.layers, start=1):
        affine = f"tdnn{number}.affine"
        is_last = number == len(model.layers)
        nonlinearity = f"tdnn{number}.logsoftmax" if is_last else f"tdnn{number}.relu"
        wiring += [
            f"component-node name={affine} component={affine} input={_frames_seen(below, layer.offsets)}",
            f"component-node name={nonlinearity} component={nonlinearity} input={affine}",
        ]
        kind = "LogSoftmaxComponent" if is_last else "RectifiedLinearComponent"
        components += [_component(affine, _affine(layer)), _component(nonlinearity, _nonlinear(kind, len(layer.bias)))]
        below = nonlinearity
    wiring.append(f"output-node name=output input={below} objective=linear")
    return b"".join(
        [
            *[_token("<Nnet3>"), b"\n", "\n".join(wiring).encode(), b"\n\n"],
            *[_token("<NumComponents>"), _int32(len(components)), *components, _token("</Nnet3>")],
            *[_token("<LeftContext>"), _int32(-sum(min(layer.offsets) for layer in model.layers))],
            *[_token("<RightContext>"), _int32(sum(max(layer.offsets) for layer in model.layers))],
            *[_token("<Priors>"), _float_vector(model.priors)],
        ]
    )


def _frames_seen(node: str, offsets: tuple[int, ...]) -> str:
    if offsets == (0,):
        return node
    frames = [f"Offset({node}, {offset})" if offset else node for offset in offsets]
    return f"Append({', '.join(frames)})"


def _component(name: str, body: bytes) -> bytes:
    return _token("<ComponentName>") + _token(name) + body


def _affine(layer: AffineLayer) -> bytes:
    kind = "FixedAffineComponent"
    weights = _token("<LinearParams>") + _matrix(layer.weights)
    return _token(f"<{kind}>") + weights + _token("<BiasParams>") + _float_vector(layer.bias) + _token(f"</{kind}>")


def _nonlinear(kind: str, size: int) -> bytes:
    """ReLU or log-softmax; the statistics that Kaldi's own training would keep are empty."""
    statistics = [
        *[_token("<ValueAvg>"), _float_vector([]), _token("<DerivAvg>"), _float_vector([])],
        *[_token("<Count>"), _float64(0), _token("<NumDimsSelfRepaired>"), _float64(0)],
        *[_token("<NumDimsProcessed>"), _float64(0)],
    ]
    return b"".join([_token(f"<{kind}>"), _token("<Dim>"), _int32(size), *statistics, _token(f"</{kind}>")])
