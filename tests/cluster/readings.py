"""What a scaling trial sees every few seconds, and whether it follows the rule."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

_KNOWN_S = 60.0
"""Seconds after which a lag must have become pods: KEDA's and the autoscaler's look, and a policy's period."""


@dataclass(frozen=True)
class Rule:
    """How many pods a lag asks for."""

    least: int
    most: int
    threshold: int
    """Lag for each pod."""

    def replicas(self, lag: int) -> int:
        """Return as many pods as the lag is thresholds, rounded up, within the bounds."""
        return min(self.most, max(self.least, math.ceil(lag / self.threshold)))


@dataclass(frozen=True)
class Reading:
    """One look at the stage that is scaled."""

    at_s: float
    """Seconds since the calls were emitted."""
    lag: int
    """Calls on the stage's topic that it has not committed."""
    replicas: int
    """Pods that the stage is told to have."""
    workers: int
    """Workers that really run for them, those about to end included."""
    outcomes: int
    """Calls that have an outcome."""
    event: str = ""
    """What was done at this moment."""

    def as_json(self) -> dict[str, float | int | str]:
        """Return it for a JSON document."""
        return asdict(self)


def faults(readings: Sequence[Reading], rule: Rule) -> list[str]:
    """Return what the readings have against the rule: none when it was followed up and down again.

    The autoscaler's look at the lag and ours are moments apart. So a rise counts as right if within the time before it
    some reading asked for as many pods.
    """
    found = []
    top = max(reading.replicas for reading in readings)
    if top == rule.least:
        found.append(f"the pods never became more than {rule.least}")
    if readings[-1].replicas != rule.least:
        found.append(f"{readings[-1].replicas} pods at the end, not {rule.least}")
    if readings[-1].lag:
        found.append(f"a lag of {readings[-1].lag} at the end")
    for before, after in pairwise(readings):
        lately = [one for one in readings if after.at_s - _KNOWN_S <= one.at_s <= after.at_s]
        if after.replicas > before.replicas and after.replicas > max(rule.replicas(one.lag) for one in lately):
            found.append(f"{after.replicas} pods after {after.at_s:.0f} s, which no lag asked for")
    lasting = max((_lasting(readings, start) for start in range(len(readings))), default=0)
    if top < rule.replicas(lasting):
        found.append(f"never more than {top} pods, although a lag of {lasting} or more lasted")
    return found


def _lasting(readings: Sequence[Reading], start: int) -> int:
    """Return the least lag from a reading on for as long as a lag may take to become pods; 0 if they end before."""
    until_s = readings[start].at_s + _KNOWN_S
    if readings[-1].at_s < until_s:
        return 0
    return min(reading.lag for reading in readings[start:] if reading.at_s <= until_s)
