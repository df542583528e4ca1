"""What the stage runner alone takes of one event: ``python -m benchmarks.runner --against FOLDER``.

Decoding, empty work, the next event's bytes, metrics; without Kafka and without Faust, whose waits hide small changes
where other work runs on the machine. Processes of this checkout and of another one take turns; the figure of a process
is the best of its rounds in CPU time, and a ratio is the median of those within a turn.
"""

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.precomputed import STAGES as MEASURED
from benchmarks.precomputed import make, taken_by
from streams.message import Message
from streams.payloads import ClaimCheckStore, ClaimedTurns
from streams.processing.runner import StageRunner
from streams.settings import RunnerSettings
from streams.topics import STAGES

_HERE = Path(__file__).resolve().parents[1]
_ROUNDS, _EVENTS = 15, 1000
_LIMIT_BYTES = 256 * 1024


async def _confirmed_at_once(*_: Any, **__: Any) -> None:
    """Publish nothing."""


async def _best_us(stage: str) -> float:
    """Return the microseconds of CPU that one event of a stage takes in the best of the rounds."""
    store = ClaimCheckStore("memory://")
    turns = ClaimedTurns(store, _LIMIT_BYTES)
    runner = StageRunner(STAGES[stage], make(stage, store), _confirmed_at_once, RunnerSettings(), turns=turns)
    value = taken_by(stage, "call-1").model_dump_json().encode()
    message = Message(STAGES[stage].consumes[0], 0, 0, b"call-1", value)
    rounds = []
    for _ in range(_ROUNDS):
        began_s = time.process_time()
        for _ in range(_EVENTS):
            await runner.take(message)
        rounds.append((time.process_time() - began_s) / _EVENTS * 1e6)
    return min(rounds)


def _measured(checkout: Path) -> dict[str, float]:
    # -P: imports come from the checkout, not from beside the file
    command = [sys.executable, "-P", str(checkout / "benchmarks" / "runner.py"), "--alone"]
    ended = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(checkout)}, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        last = ended.stderr.strip().rpartition("\n")[2]
        raise SystemExit(f"cannot measure {checkout}, which needs a benchmarks/runner.py that runs: {last}")
    figures: dict[str, float] = json.loads(ended.stdout)
    return figures


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.runner", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--against",
        type=Path,
        help="folder of another checkout, measured by its own benchmarks/runner.py; default: this one alone",
    )
    parser.add_argument("--turns", type=int, default=5, help="processes of each checkout; default 5")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        logging.disable(logging.CRITICAL)
        print(json.dumps({stage: asyncio.run(_best_us(stage)) for stage in MEASURED}))
        return
    checkouts = {"here": _HERE} | ({"against": arguments.against.resolve()} if arguments.against else {})
    turns = [{name: _measured(folder) for name, folder in checkouts.items()} for _ in range(arguments.turns)]
    figures: dict[str, Any] = {
        f"{name}_cpu_us_per_event": {stage: round(median(turn[name][stage] for turn in turns), 1) for stage in MEASURED}
        for name in checkouts
    }
    if arguments.against:
        figures["cpu_ratio"] = {
            stage: round(median(turn["here"][stage] / turn["against"][stage] for turn in turns), 3)
            for stage in MEASURED
        }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
