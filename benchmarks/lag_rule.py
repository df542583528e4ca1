"""What a lagThreshold comes to: ``python -m benchmarks.lag_rule``.

A model, no measurement: calls come by chance (Poisson) and are of exponential length, and there are as many pods as
``lag / threshold`` rounded up, by the chart's behavior: a look every 15 s, a tolerance of a tenth, twice as many or two
more every 30 s, one less every 60 s after 300 s, and 45 s until a pod works. A pod has twice as many calls in work as
processes, which share the pieces of each. The pods share the calls ideally, which partitions do not.
"""

import argparse
import json
import math
import random
from collections import deque
from dataclasses import dataclass

import numpy as np

_LOOK_S, _STARTS_S, _UP_S, _DOWN_S, _QUIET_S, _TOLERANCE = 15, 45, 30, 60, 300, 0.1


@dataclass(frozen=True)
class Load:
    """What comes, and who does it."""

    calls_a_second: float
    work_s: float
    """Seconds of one process for a call, in the mean."""
    processes: int
    """Of a pod."""
    least: int
    most: int


def modelled(load: Load, threshold: int, hours: float, seed: int) -> dict[str, float]:
    """Return the seconds that calls are in the stage, and how many pods there are."""
    chance = random.Random(seed)
    ready_at = [0.0] * load.least
    wanted: deque[tuple[float, int]] = deque()
    came: deque[tuple[float, float]] = deque()
    working: list[tuple[float, float]] = []  # what is left to do, and when the call came
    took: list[float] = []
    pods: list[int] = []
    up_at = down_at = 0.0
    next_at = chance.expovariate(load.calls_a_second)
    for now in range(round(hours * 3600)):
        while next_at <= now:
            came.append((next_at, chance.expovariate(1 / load.work_s)))
            next_at += chance.expovariate(load.calls_a_second)
        ready = sum(at <= now for at in ready_at)
        while came and len(working) < 2 * ready * load.processes:
            at, work = came.popleft()
            working.append((work, at))
        if working:
            done = min(load.processes, ready * load.processes / len(working))  # of each, in this second
            took += [now + left / done - at for left, at in working if left <= done]
            working = [(left - done, at) for left, at in working if left > done]
        if now % _LOOK_S == 0:
            lag = len(came) + len(working)
            asked = len(ready_at)
            if abs(lag / (threshold * asked) - 1) > _TOLERANCE:
                asked = math.ceil(lag / threshold)
            asked = min(load.most, max(load.least, asked))
            wanted.append((now, asked))
            while wanted[0][0] < now - _QUIET_S:
                wanted.popleft()
            if asked > len(ready_at) and now >= up_at:
                more = min(asked - len(ready_at), max(len(ready_at), 2))
                ready_at += [now + _STARTS_S] * more
                up_at = now + _UP_S
            elif max(one for _, one in wanted) < len(ready_at) and now >= down_at:
                ready_at.remove(max(ready_at))
                down_at = now + _DOWN_S
        pods.append(len(ready_at))
    quantiles = np.quantile(took, (0.5, 0.95))
    return {
        "threshold": threshold,
        "mean_s": round(float(np.mean(took)), 1),
        "p50_s": round(float(quantiles[0]), 1),
        "p95_s": round(float(quantiles[1]), 1),
        "pods": round(float(np.mean(pods)), 1),
        "most_pods": max(pods),
    }


def main() -> None:
    """Print one JSON object for each threshold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lag_rule", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls-an-hour", type=float, default=1500, help="in the busiest hour; default 1500")
    parser.add_argument("--work-s", type=float, default=29, help="seconds of one process for a call; default 29")
    parser.add_argument("--processes", type=int, default=4, help="of a pod; default 4")
    parser.add_argument("--least", type=int, default=2, help="minReplicas; default 2")
    parser.add_argument("--most", type=int, default=12, help="maxReplicas; default 12")
    parser.add_argument("--hours", type=float, default=12, help="how long that load lasts; default 12")
    parser.add_argument("--thresholds", type=int, nargs="+", default=[2, 3, 4, 6], help="default 2 3 4 6")
    given = parser.parse_args()
    load = Load(given.calls_an_hour / 3600, given.work_s, given.processes, given.least, given.most)
    for threshold in given.thresholds:
        print(json.dumps(modelled(load, threshold, given.hours, seed=7)), flush=True)


if __name__ == "__main__":
    main()
