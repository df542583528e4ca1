"""How a channel was recorded: peak, clipping, a constant part, and whether anything is on it at all."""

import numpy as np
import numpy.typing as npt

from schemas import ChannelFacts

_FULL_SCALE = 0.98
"""The highest value of G.711's µ-law as a share of full scale (ITU-T G.711, table 2a: 32,124 of 32,768)."""

_DEAD_DBFS = -50.0
"""A channel without speech whose loudest second stays below this has nothing on it but the line's noise."""


class Levels:
    """The levels of one channel, block by block."""

    def __init__(self) -> None:
        self._samples = 0
        self._sum = 0.0
        self._peak = 0.0
        self._clipped = 0
        self._loudest_power = 0.0

    def push(self, signal: npt.NDArray[np.float32], rate_hz: int) -> None:
        """Take the next block, shape (samples,), -1 to 1, as recorded at ``rate_hz``: whole seconds but the last."""
        self._samples += signal.size
        peak = max(float(signal.max(initial=0.0)), -float(signal.min(initial=0.0)))
        self._peak = max(self._peak, peak)
        if peak >= _FULL_SCALE:
            self._clipped += int(np.count_nonzero(np.abs(signal) >= _FULL_SCALE))
        for start in range(0, signal.size, rate_hz):
            second = signal[start : start + rate_hz]
            total = float(second.sum())
            self._sum += total
            power = float(np.dot(second, second)) / second.size - (total / second.size) ** 2
            self._loudest_power = max(self._loudest_power, power)

    def facts(self, loudness_lufs: float | None, bleed_s: float, *, speaks: bool) -> ChannelFacts:
        """Say what the channel sounds like; loudness, bleed and whether there is speech on it come from elsewhere."""
        return ChannelFacts(
            loudness_lufs=loudness_lufs,
            peak_dbfs=round(20 * float(np.log10(self._peak)), 2) if self._peak else None,
            clipped_ratio=round(self._clipped / self._samples, 6) if self._samples else 0.0,
            dc_offset=round(max(-1.0, min(1.0, self._sum / self._samples)), 5) if self._samples else 0.0,
            dead=not speaks and self._loudest_power <= 10 ** (_DEAD_DBFS / 10),
            bleed_s=bleed_s,
        )
