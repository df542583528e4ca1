"""The demo: every labelled recording through the whole pipeline, and what came of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pymongo import MongoClient

from agents.classify.dialogues import SaidTurn
from callsift.calls import call_ended, emit_and_wait, new_call_id, store_recording
from callsift.demo_files import RECORDINGS
from callsift.supervisor import Pipeline
from schemas import CallEnded, CallOutcome, Recording
from store.settings import DATABASE, StoreSettings
from streams.errors import CallsiftError
from streams.payloads import ClaimCheckStore
from streams.topics import PIPELINE

OUTCOME_LIMIT_S = 240.0


class Label(BaseModel):
    """One line of labels.jsonl."""

    name: str
    recording: Recording
    """Addresses are file names beside the labels."""
    category: str
    sub_category: str | None
    turns: tuple[SaidTurn, ...]
    """What was really said."""
    language: str | None = None
    """Of the call, as a BCP 47 tag; null: the one of the settings."""


@dataclass(frozen=True)
class DemoCall:
    """A demo call and what came of it."""

    label: Label
    event: CallEnded
    outcome: CallOutcome
    is_stored: bool
    """Whether the store holds the same outcome as the topic."""

    @property
    def is_right(self) -> bool:
        """Whether the outcome is the expected one."""
        expected = (self.label.category, self.label.sub_category)
        return (self.outcome.category, self.outcome.sub_category) == expected and self.is_stored

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds from hang-up to the outcome, and of each stage's work."""
        finished = max(hop.finished_at for hop in self.outcome.hops) if self.outcome.hops else self.outcome.decided_at
        end_to_end = (finished - self.event.ended_at).total_seconds()
        stages = {stage: round(self.outcome.stage_seconds.get(stage, 0.0), 3) for stage in PIPELINE}
        return {"end_to_end": round(end_to_end, 3), **stages}

    def as_json(self) -> dict[str, Any]:
        """Return the call as the demo's JSON document has it."""
        outcome = self.outcome
        return {
            "call_id": outcome.call_id,
            "recording": self.label.name,
            "expected": {"category": self.label.category, "sub_category": self.label.sub_category},
            "got": {
                "category": outcome.category,
                "sub_category": outcome.sub_category,
                "confidence": outcome.confidence,
                "justification": outcome.justification,
            },
            "seconds": self.seconds,
        }


def read_labels(folder: Path = RECORDINGS) -> list[Label]:
    """Read the labels of the demo recordings.

    Raises:
        CallsiftError: The recordings are not there.
    """
    try:
        lines = (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CallsiftError(
            f"no demo recordings in {folder}",
            "Install callsift from its wheel, or run the demo from a checkout of the repository",
        ) from error
    return [Label.model_validate(json.loads(line)) for line in lines]


def run_demo(
    workers: Pipeline, mongo: StoreSettings, on_outcome: Callable[[CallOutcome], None], folder: Path = RECORDINGS
) -> list[DemoCall]:
    """Send every call of a folder through a running pipeline and collect the outcomes; ``mongo`` names the documents.

    Raises:
        CallsiftError: A call has no outcome in time.
    """
    store = ClaimCheckStore(workers.environment["CALLSIFT_AUDIO_STORE_URI"])
    labels = read_labels(folder)
    events = [
        call_ended(
            new_call_id(), stored_recording(label.recording, store, folder), queue="demo", language=label.language
        )
        for label in labels
    ]
    outcomes = emit_and_wait(workers.kafka, events, OUTCOME_LIMIT_S, on_outcome)
    documents = _documents(workers.environment["CALLSIFT_MONGO_URI"], mongo.collection, list(outcomes))
    return [
        DemoCall(label, event, outcome, documents.get(event.call_id) == outcome.outcome_id)
        for label, event, outcome in zip(labels, events, outcomes.values(), strict=True)
    ]


def stored_recording(recording: Recording, store: ClaimCheckStore, folder: Path = RECORDINGS) -> Recording:
    """Put a label's files into the audio store and return the recording with their addresses there.

    Raises:
        CallsiftError: A file is missing.
    """
    return recording.moved(lambda name: store_recording(store, folder / name))


def _documents(uri: str, collection: str, call_ids: list[str]) -> dict[str, str]:
    """Return the outcome_id that the store holds for each call."""
    with MongoClient[dict[str, Any]](uri) as client:
        found = client.get_default_database(DATABASE)[collection].find({"_id": {"$in": call_ids}})
        return {document["_id"]: document["outcome"]["outcome_id"] for document in found}
