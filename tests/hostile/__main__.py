"""``python -m tests.hostile``: good calls and hostile messages through a running pipeline, and how each ended."""

import argparse
import sys
import time
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from deploy.laptop.folders import kept_or_temporary
from streams.settings import KafkaSettings
from tests.chaos.retries import OVERDUE_S, retries
from tests.chaos.tally import as_line, as_table
from tests.hostile.accounts import Books, books
from tests.hostile.messages import FOLDER, Hostile, good, hostile
from tests.hostile.senders import Position, Senders
from tests.hostile.world import HostileWorld

_BATCH = 10
_RETRY_SHARE = 0.1
_QUIET_LIMIT_S = 150.0
"""Longer than a message waits on the first retry topic, and than the watchdog lets a worker stand still."""
_LOOK_S = 3.0
console = Console(stderr=True, soft_wrap=True)


def main() -> int:
    """Run; 0 if every good call is done, every hostile message accounted for, and no worker has ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same messages")
    parser.add_argument("--calls", type=int, default=1000, help="good calls, and as many hostile messages")
    parser.add_argument("--keep", type=Path, help="folder for logs and data; default: a temporary one, removed")
    arguments = parser.parse_args()
    with kept_or_temporary(arguments.keep, "callsift-hostile-") as folder:
        result = _run(arguments.calls, arguments.seed, folder)
    console.print(as_table("Hostile messages", result))
    print(as_line(result))
    return 0 if _passed(result) else 1


def _run(calls: int, seed: int, folder: Path) -> dict[str, Any]:
    names = [f"good-{number:05}" for number in range(calls)]
    session_s: float = KafkaSettings.model_fields["session_timeout_s"].default
    with (
        HostileWorld(
            folder, brokers=1, seed=seed, model_faults=0.0, session_timeout_s=session_s, retry_share=_RETRY_SHARE
        ) as world,
        Senders(world.kafka) as senders,
    ):
        sent: list[tuple[Hostile, Position]] = []
        later: list[Hostile] = []
        messages = (_placed(message, world) for message in hostile(seed, calls))
        for start in range(0, calls, _BATCH):
            senders.good([good(name) for name in names[start : start + _BATCH]])
            for message in islice(messages, _BATCH):
                first = message.after or message
                later += [message] if message.after else []
                sent.append((first, senders.hostile(first)))
            if start < calls / 2 <= start + _BATCH:
                world.add("retry")  # a second mover, while messages wait for the first one
            _say(f"sent {len(sent):>5} of each")
        _watch(world.kafka, names, sent)
        sent += [(message, senders.hostile(message)) for message in later]
        found = _watch(world.kafka, names, sent)
        return _result(world, names, sent, found) | {"seed": seed}


def _placed(message: Hostile, world: HostileWorld) -> Hostile:
    """Return a message that names the recordings where they lie."""
    value = message.value and message.value.replace(FOLDER.encode(), world.recordings.encode())
    return replace(message, value=value)


def _watch(kafka: KafkaSettings, names: list[str], sent: list[tuple[Hostile, Position]]) -> Books:
    """Return the books when everything is accounted for, or when nothing has moved for long."""
    best, since_s = -1, time.monotonic()
    while True:
        found = books(kafka)
        done = sum(map(found.is_done, names))
        accounted = sum(found.holds(message, position) for message, position in sent)
        _say(f"good calls done {done:>5}, hostile messages accounted for {accounted:>5}, waiting {found.waiting:>5}")
        if done == len(names) and accounted == len(sent) and found.waiting == 0:
            return found
        if done + accounted - found.waiting > best:
            best, since_s = done + accounted - found.waiting, time.monotonic()
        if time.monotonic() - since_s > _QUIET_LIMIT_S:
            return found
        time.sleep(_LOOK_S)


def _result(
    world: HostileWorld, names: list[str], sent: list[tuple[Hostile, Position]], found: Books
) -> dict[str, Any]:
    outcomes = {name: [own for own in found.outcomes.get(name, ()) if own.state == "done"] for name in names}
    published = [own.outcome_id for own_calls in outcomes.values() for own in own_calls]
    kinds = Counter(message.kind for message, _ in sent)
    unaccounted = Counter(message.kind for message, position in sent if not found.holds(message, position))
    return {
        "good_calls": len(names),
        "good_calls_done": sum(map(bool, outcomes.values())),
        "published_twice": len(published) - len(set(published)),
        "hostile_messages": len(sent),
        "accounted_for": {kind: f"{number - unaccounted[kind]} of {number}" for kind, number in kinds.items()},
        "unaccounted": unaccounted.total(),
        "waiting_at_the_end": found.waiting,
        "ended_unasked": world.ended_unasked,
        "calls_done": sum(map(found.is_done, found.outcomes)),
        "questions_to_the_model": world.questions,
        "latest_retry_s": retries(world.kafka).latest_s,
    }


def _passed(result: dict[str, Any]) -> bool:
    return (
        result["good_calls_done"] == result["good_calls"]
        and not result["unaccounted"]
        and not result["waiting_at_the_end"]
        and not result["ended_unasked"]
        and result["good_calls"]
        <= result["questions_to_the_model"]
        <= result["calls_done"]  # no answer is bought twice
        and result["latest_retry_s"] <= OVERDUE_S
    )


def _say(what: str) -> None:
    console.print(f"{time.strftime('%H:%M:%S')}  {what}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
