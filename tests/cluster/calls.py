"""The calls of a trial: demo recordings, as many as wanted, and what came of each."""

import threading
from collections import Counter, defaultdict

from callsift.calls import call_ended, emit, new_call_id
from callsift.demonstration import Label, read_labels, stored_recording
from schemas import CallOutcome
from streams.kafka import TopicReader
from streams.payloads.claim_check import ClaimCheckStore
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES


class Calls:
    """Calls that are emitted together; a thread reads their outcomes for as long as the trial lasts."""

    def __init__(self, kafka: KafkaSettings, store: ClaimCheckStore) -> None:
        """Put the recordings into the audio store, and stand at the end of the outcomes' topic.

        Raises:
            KafkaUnavailable: The brokers do not answer, or have no topics.
        """
        self._kafka = kafka
        self._recordings = [(label, stored_recording(label.recording, store)) for label in read_labels()]
        self._labels: dict[str, Label] = {}
        self._outcomes: defaultdict[str, dict[str, CallOutcome]] = defaultdict(dict)
        self._reader = TopicReader(kafka, OUTCOMES.name, from_start=False)
        threading.Thread(target=self._read, daemon=True).start()

    def emit(self, number: int) -> None:
        """Publish so many calls that end now, each recording in its turn.

        Raises:
            KafkaUnavailable: The brokers did not confirm all of them.
        """
        events = []
        for turn in range(number):
            label, recording = self._recordings[turn % len(self._recordings)]
            event = call_ended(new_call_id(), recording, queue="trial")
            self._labels[event.call_id] = label
            events.append(event)
        emit(self._kafka, events)

    @property
    def done(self) -> int:
        """Return how many of them have an outcome."""
        return len(self._outcomes)

    def states(self) -> Counter[str]:
        """Count the calls by the state of their newest outcome; those without one are in state ``none``."""
        newest = [
            max(list(self._outcomes[call_id].values()), key=lambda one: one.revision).state
            if call_id in self._outcomes
            else "none"
            for call_id in list(self._labels)
        ]
        return Counter(newest)

    def tally(self) -> dict[str, int]:
        """Count the calls by what came of them: outcomes by outcome_id, however often one is on the topic."""
        found = [self._outcomes.get(call_id, {}) for call_id in self._labels]
        counts = Counter(min(len(outcomes), 2) for outcomes in found)
        right = sum(
            (one.category, one.sub_category)
            == (self._labels[one.call_id].category, self._labels[one.call_id].sub_category)
            for outcomes in found
            for one in list(outcomes.values())[:1]
        )
        return {
            "calls": len(self._labels),
            "with one": counts[1],
            "without": counts[0],
            "with several": counts[2],
            "as labelled": right,
        }

    def _read(self) -> None:
        for value in self._reader.values(None):
            outcome = CallOutcome.model_validate_json(value)
            if outcome.call_id in self._labels:
                self._outcomes[outcome.call_id][outcome.outcome_id] = outcome
