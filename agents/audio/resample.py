"""Bringing a stream of blocks to 16,000 Hz by torchaudio's windowed-sinc interpolation."""

from collections.abc import Iterable, Iterator
from math import ceil, gcd

import numpy as np
import torch
import torchaudio

from agents.audio.decode import Samples

SAMPLE_RATE_HZ = 16_000
"""What Silero VAD and Vosk both work at."""

_CONTEXT_S = 0.02
"""More than torchaudio's filter reaches to either side, at any sample rate."""


def resampled(blocks: Iterable[Samples], rate_hz: int) -> Iterator[Samples]:
    """Resample blocks of shape (channels, samples): the same samples as if all had been resampled as one.

    Each call of torchaudio gets some sound before and after the part that is wanted of it, so that its filter never
    sees a block's edge.
    """
    if rate_hz == SAMPLE_RATE_HZ:
        yield from blocks
        return
    step = gcd(rate_hz, SAMPLE_RATE_HZ)
    taken, given = rate_hz // step, SAMPLE_RATE_HZ // step
    context = ceil(_CONTEXT_S * rate_hz / taken) * taken
    held: Samples | None = None
    for block in blocks:
        held = np.pad(block, ((0, 0), (context, 0))) if held is None else np.concatenate([held, block], axis=1)
        inner = (held.shape[1] - 2 * context) // taken * taken
        if inner >= rate_hz:
            start, end = context // taken * given, (context + inner) // taken * given
            yield _resample(held[:, : inner + 2 * context], rate_hz)[:, start:end]
            held = held[:, inner:]
    if held is not None and held.shape[1] > context:
        end = ceil(held.shape[1] * given / taken)
        yield _resample(held, rate_hz)[:, context // taken * given : end]


def _resample(samples: Samples, rate_hz: int) -> Samples:
    result: Samples = torchaudio.functional.resample(torch.from_numpy(samples), rate_hz, SAMPLE_RATE_HZ).numpy()
    return result
