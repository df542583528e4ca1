"""What came of the calls: outcomes from the topic, documents from the store, and how long nothing moved."""

import json
import threading
import time
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pymongo import MongoClient
from rich.table import Table

from schemas import CallOutcome
from streams.kafka import TopicReader
from streams.settings import KafkaSettings
from streams.topics import AUDIO, CLASSIFIED, DEAD_LETTER, OUTCOMES, TRANSCRIPTS
from tests.chaos.retries import OVERDUE_S, Retries

if TYPE_CHECKING:
    from tests.chaos.world import World

RETRY_SHARE = 0.1
"""Share of the calls that a run without outages has to send over the retry topics."""


class Outcomes:
    """Reads calls.outcomes from a thread, for as long as the world lasts."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Start to read from the beginning."""
        self.ids: defaultdict[str, list[str]] = defaultdict(list)
        """The outcome_ids in state done, by call, in the order of the topic."""
        self.times: list[float] = []
        self._reader = TopicReader(kafka, OUTCOMES.name, from_start=True)
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def calls(self) -> int:
        """Calls that have an outcome in state done."""
        return len(self.ids)

    def quiet_s(self) -> float:
        """Seconds since the last outcome."""
        return time.monotonic() - self.times[-1] if self.times else 0.0

    def longest_stalls_s(self, faults: list[tuple[str, float, float]]) -> dict[str, float]:
        """Return the longest pause between two outcomes after each fault (name, start, end) and before the next."""
        stalls: dict[str, float] = {}
        for name, start, end in faults:
            kind = " ".join(name.split()[:2])
            for before, after in pairwise(self.times):
                if after >= start and before < end:
                    pause_s = after - max(before, start)
                    stalls[kind] = round(max(stalls.get(kind, 0.0), pause_s), 1)
        return stalls

    def _read(self) -> None:
        for value in self._reader.values(None):
            outcome = CallOutcome.model_validate_json(value)
            if outcome.state == "done":
                self.ids[outcome.call_id].append(outcome.outcome_id)
                self.times.append(time.monotonic())


def tally(
    calls: set[str],
    outcomes: Outcomes,
    kafka: KafkaSettings,
    mongo_uri: str,
    faults: list[tuple[str, float, float]],
    seed: int,
) -> dict[str, Any]:
    """Count everything; ``lost`` are the calls with neither a document nor an outcome in state done."""
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        documents = {document["_id"] for document in client["callsift"]["calls"].find({"state": "done"}, {"_id": 1})}
    published = list(outcomes.ids.items())
    return {
        "calls": len(calls),
        "documents": len(documents & calls),
        "unique_outcomes": len({outcome_id for _, ids in published for outcome_id in ids}),
        "duplicate_outcomes": sum(len(ids) - len(set(ids)) for _, ids in published),
        "dead_letters": _messages(kafka, DEAD_LETTER.name),
        "lost": len(calls - documents - outcomes.ids.keys()),
        "longest_stall_s": outcomes.longest_stalls_s(faults),
        "seed": seed,
    }


def tally_of_deaths(world: "World", faults: list[tuple[str, float, float]]) -> dict[str, Any]:
    """Count what may cost an outcome its confirmation: the sinks that ended unasked, and the brokers that were killed.

    A sink publishes one outcome at a time. Where it or the broker dies before the mark that it was confirmed is stored,
    that one may come twice.
    """
    return {
        "killed_sinks": sum(end.startswith("sink ") for end in world.ended_unasked),
        "killed_brokers": sum(name == "kill broker" for name, _, _ in faults),
    }


def tally_of_retries(found: Retries) -> dict[str, Any]:
    """Count what went over the retry topics, and the longest that one of them waited beyond its time."""
    return {"retries": found.written, "latest_retry_s": found.latest_s}


def tally_of_restart(world: "World", found: Retries) -> dict[str, Any]:
    """Count what a rolling restart adds: how the workers ended, and what was done more than once."""
    done_twice = {
        topic.name: _repetitions(world.kafka, topic.name) - found.moved_to[topic.name]  # brought back, not done twice
        for topic in (AUDIO, TRANSCRIPTS, CLASSIFIED)
    }
    return {
        "done_twice": done_twice,
        "longest_end_s": {end.stage: max(e.seconds for e in world.ends if e.stage == end.stage) for end in world.ends},
        "workers_replaced": len(world.ends),
        "ended_unasked": world.ended_unasked,
        "unclean_ends": [f"{end.stage} ({end.exit_code})" for end in world.ends if end.exit_code],
    }


def passed(result: dict[str, Any]) -> bool:
    """Tell whether every call ended as exactly one document and one outcome, and few enough came twice.

    No more than sinks and brokers were killed: none in a restart. Where calls go over the retry topics, enough of them
    have to, and none may wait much longer than it should.
    """
    complete: bool = result["documents"] == result["unique_outcomes"] == result["calls"]
    retried = "retries" not in result or (
        result["retries"] >= RETRY_SHARE * result["calls"] and result["latest_retry_s"] <= OVERDUE_S
    )
    orderly = "workers_replaced" not in result or not (result["ended_unasked"] or result["unclean_ends"])
    once = result["duplicate_outcomes"] <= result["killed_sinks"] + result["killed_brokers"]
    return complete and result["lost"] == 0 and once and orderly and retried


def as_table(title: str, result: dict[str, Any]) -> Table:
    """Return the result for people, a figure a row."""
    table = Table("figure", "value", title=title, title_justify="left")
    for name, value in result.items():
        if isinstance(value, dict):
            for kind, number in sorted(value.items()):
                table.add_row(f"{name} {kind}", str(number))
        else:
            table.add_row(name, str(value))
    return table


def as_line(result: dict[str, Any]) -> str:
    """Return the result as one line of JSON."""
    return json.dumps(result)


def _messages(kafka: KafkaSettings, topic: str) -> int:
    return len(values(kafka, topic))


def _repetitions(kafka: KafkaSettings, topic: str) -> int:
    """Return how many messages are a repetition of an event: it has the same event_id."""
    identifiers = [json.loads(value)["event_id"] for value in values(kafka, topic)]
    return len(identifiers) - len(set(identifiers))


def values(kafka: KafkaSettings, topic: str) -> list[bytes]:
    """Return the values on a topic (name without prefix) from its beginning to its end."""
    reader = TopicReader(kafka, topic, from_start=True)
    try:
        return list(reader.up_to_now())
    finally:
        reader.close()
