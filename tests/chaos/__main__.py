"""``python -m tests.chaos``: calls flow, everything is killed, and one table says what came of it."""

import argparse
import random
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from callsift.calls import call_ended, emit
from deploy.laptop.folders import kept_or_temporary
from schemas import CallEnded, OneFile
from streams.kafka import KafkaUnavailable
from streams.settings import KafkaSettings
from tests.chaos.faults import WORKERS_EACH, faults, outages, rolling
from tests.chaos.retries import retries
from tests.chaos.tally import (
    Outcomes,
    as_line,
    as_table,
    passed,
    tally,
    tally_of_deaths,
    tally_of_restart,
    tally_of_retries,
)
from tests.chaos.world import World

_QUIET_LIMIT_S = 330.0
"""Longer than a call waits on the second retry topic."""
_BATCH = 10
"""Calls that end together."""
_MODEL_FAULTS = 0.3
"""Share of the model's answers that are faults."""
_RETRY_SHARE = 0.125
"""Share of the calls that fail once; a little more than what has to be on the retry topics (tally.RETRY_SHARE)."""
_RESTART: dict[str, Any] = {"workers_each": WORKERS_EACH, "quick_tries": 1}
"""A call that fails once goes to a retry topic, so that the mover has work."""
_RESTART_FAULTS = 0.01
_REPLACEMENT_S = 10.0
"""What one replacement takes, about: a start, a rebalance, an end, and another rebalance."""
_RESTART_BATCH = 2
"""Few: a stall is seen no finer than calls come."""
console = Console(stderr=True, soft_wrap=True)


class Feeder(threading.Thread):
    """Emits calls evenly, and again what the brokers did not confirm."""

    def __init__(self, kafka: KafkaSettings, calls: int, *, seconds: float, batch: int) -> None:
        """Spread ``calls`` over ``seconds``, ``batch`` of them at once."""
        super().__init__(daemon=True)
        self._kafka = kafka
        self._calls = [
            call_ended(f"call-{number:05}", OneFile(uri="file:///precomputed.wav")) for number in range(calls)
        ]
        self._batch = batch
        self._pause_s = seconds * batch / calls
        self.emitted = 0

    @property
    def call_ids(self) -> set[str]:
        """All calls, emitted or not."""
        return {call.call_id for call in self._calls}

    def run(self) -> None:
        for start in range(0, len(self._calls), self._batch):
            batch = self._calls[start : start + self._batch]
            while not self._confirmed(batch):
                time.sleep(1)
            self.emitted += len(batch)
            time.sleep(self._pause_s)

    def _confirmed(self, batch: list[CallEnded]) -> bool:
        try:
            emit(self._kafka, batch)
        except KafkaUnavailable:
            return False
        return True


def main() -> int:
    """Run the programme; 0 if every call ended as one document and one outcome, and few enough of them came twice."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same faults")
    parser.add_argument("--calls", type=int, default=1000, help="how many calls flow meanwhile")
    parser.add_argument("--rounds", type=int, default=3, help="how often each kind of worker is killed")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1, help="with 3, one of them is killed")
    parser.add_argument(
        "--outages", type=float, metavar="SECONDS", help="instead: model, store and broker away for so long, in turn"
    )
    parser.add_argument("--rolling", action="store_true", help="instead: every worker is replaced, two of each kind")
    parser.add_argument("--pause", type=float, default=6.0, help="seconds between two faults, on average")
    parser.add_argument(
        "--session",
        type=float,
        metavar="SECONDS",
        default=KafkaSettings.model_fields["session_timeout_s"].default,
        help="session time-out of the workers; default %(default)s, as in production",
    )
    parser.add_argument("--keep", type=Path, help="folder for logs and data; default: a temporary one, removed")
    arguments = parser.parse_args()
    with kept_or_temporary(arguments.keep, "callsift-chaos-") as folder:
        result = _run(arguments, folder)
    console.print(as_table("Chaos", result))
    print(as_line(result))
    return 0 if passed(result) else 1


def _run(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    away_s = arguments.outages
    # Calls flow for as long as the programme lasts: a fault takes some two seconds itself.
    if arguments.rolling:
        programme, each_s, model_faults = rolling(), _REPLACEMENT_S, _RESTART_FAULTS
    elif away_s:
        programme, each_s, model_faults = outages(away_s), 2 + away_s, 0.0  # an outage spends no tries
    else:
        programme = faults(arguments.seed, brokers=arguments.brokers, rounds=arguments.rounds)
        each_s, model_faults = 2.0, _MODEL_FAULTS
    seconds = len(programme) * (arguments.pause + each_s)
    pauses = random.Random(arguments.seed)
    happened: list[tuple[str, float, float]] = []
    with World(
        folder,
        brokers=arguments.brokers,
        seed=arguments.seed,
        model_faults=model_faults,
        session_timeout_s=arguments.session,
        retry_share=0.0 if away_s else _RETRY_SHARE,
        **(_RESTART if arguments.rolling else {}),
    ) as world:
        outcomes = Outcomes(world.kafka)
        batch = _RESTART_BATCH if arguments.rolling else _BATCH
        feeder = Feeder(world.kafka, arguments.calls, seconds=seconds, batch=batch)
        feeder.start()
        while not outcomes.times:
            time.sleep(0.2)
        for number, fault in enumerate(programme, 1):
            _say(f"{number}/{len(programme)} {fault.name}", feeder, outcomes)
            start = time.monotonic()
            fault.happen(world)
            time.sleep(pauses.uniform(0.3, 1.7) * arguments.pause)
            happened.append((fault.name, start, time.monotonic()))
        while (feeder.is_alive() or outcomes.calls < arguments.calls) and outcomes.quiet_s() < _QUIET_LIMIT_S:
            _say("waiting for the rest", feeder, outcomes)
            time.sleep(1)
        time.sleep(5)  # what comes twice comes soon
        on_retry_topics = retries(world.kafka)
        result = tally(feeder.call_ids, outcomes, world.kafka, world.mongo_uri, happened, arguments.seed)
        result |= tally_of_deaths(world, happened)
        result |= {} if away_s else tally_of_retries(on_retry_topics)
        return result | (tally_of_restart(world, on_retry_topics) if arguments.rolling else {})


def _say(what: str, feeder: Feeder, outcomes: Outcomes) -> None:
    now = datetime.now(UTC)
    console.print(f"{now:%H:%M:%S}  emitted {feeder.emitted:>5}  done {outcomes.calls:>5}  {what}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
