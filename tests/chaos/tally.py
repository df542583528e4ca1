"""What came of the calls: outcomes from the topic, documents from the store, and how long nothing moved."""

import json
import threading
import time
from collections import defaultdict
from itertools import pairwise
from typing import Any

from pymongo import MongoClient

from schemas import CallOutcome
from streams.catalogue import DEAD_LETTER, OUTCOMES, RETRIES
from streams.kafka_client import TopicReader
from streams.settings import KafkaSettings


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

    def longest_stalls_s(self, faults: list[tuple[str, float]]) -> dict[str, float]:
        """Return the longest pause between two outcomes after each fault (name and time) and before the next."""
        stalls: dict[str, float] = {}
        ends = [start for _, start in faults[1:]] + [float("inf")]
        for (name, start), end in zip(faults, ends, strict=True):
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
    faults: list[tuple[str, float]],
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
        "retries": sum(_messages(kafka, topic.name) for topic in RETRIES),
        "lost": len(calls - documents - outcomes.ids.keys()),
        "longest_stall_s": outcomes.longest_stalls_s(faults),
        "seed": seed,
    }


def passed(result: dict[str, Any]) -> bool:
    """Tell whether every call ended as exactly one document and one outcome."""
    complete: bool = result["documents"] == result["unique_outcomes"] == result["calls"]
    return complete and result["lost"] == 0


def as_line(result: dict[str, Any]) -> str:
    """Return the result as one line of JSON."""
    return json.dumps(result)


def _messages(kafka: KafkaSettings, topic: str) -> int:
    reader = TopicReader(kafka, topic, from_start=True)
    try:
        return sum(1 for _ in reader.up_to_now())
    finally:
        reader.close()
