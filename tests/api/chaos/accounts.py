"""What came of everything that was handed in: from calls.ended, from calls.outcomes, and from the audio store."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from pymongo import MongoClient

from schemas import CallEnded
from streams.topics import ENDED
from tests.api.chaos.clients import Submission
from tests.api.chaos.world import Front
from tests.chaos.tally import Outcomes, values

NONE_OF = (
    "lost",
    "without_outcome",
    "handed_in_twice",
    "unanswered",
    "left_behind",
    "recordings_missing",
    "uploads_open",
)
"""What there has to be none of."""


class Accounts:
    """What was handed in, beside what is there."""

    def __init__(self, world: Front, wanted: Sequence[Submission]) -> None:
        """Read calls.ended."""
        self._world, self._wanted = world, wanted
        self._events = [CallEnded.model_validate_json(value) for value in values(world.kafka, ENDED.name)]

    @property
    def call_ids(self) -> set[str]:
        """The calls that are on calls.ended: each of them has to end as an outcome, answered or not."""
        return {event.call_id for event in self._events}

    def balance(self, outcomes: Outcomes, killed: int) -> dict[str, Any]:
        """Return the figures; ``killed`` is how often an outcome may have come twice."""
        taken = {call for one in self._wanted for call in one.taken}
        of_mark = defaultdict[str, set[str]](set)
        for event in self._events:
            of_mark[str(event.metadata.get("mark"))].add(event.call_id)
        expected = {one.mark: 3 if one.kind == "batch" else 1 for one in self._wanted}
        with MongoClient[dict[str, Any]](self._world.mongo_uri) as client:
            store = client["callsift"]
            documents = {one["_id"]: one["revision"] for one in store["calls"].find({"state": "done"}, {"revision": 1})}
            uploads = store["calls_uploads"].count_documents({})
        named = {uri for event in self._events if event.recording for uri in event.recording.uris}
        files = {path.as_uri() for path in (self._world.root / "recordings").iterdir()}
        return {
            "submissions": len(self._wanted),
            "answered_202": len(taken),
            "answers": dict(sum((Counter(one.answers) for one in self._wanted), Counter[str]())),
            "sent_again": sum(one.tries > 1 for one in self._wanted),
            "on_calls_ended": len(self.call_ids),
            "arrived_without_an_answer": len(self.call_ids - taken),
            "events_that_came_again": len(self._events) - len(self.call_ids),
            "lost": len(taken - self.call_ids),
            "without_outcome": len(self.call_ids - (outcomes.ids.keys() & documents.keys())),
            "handed_in_twice": sum(len(calls) > expected[mark] for mark, calls in of_mark.items()),
            "corrected": sum(revision > 1 for revision in documents.values()),
            "outcomes_again": sum(len(ids) - len(set(ids)) for ids in outcomes.ids.values()),
            "outcomes_again_allowed": killed,
            "unanswered": sum(len(one.taken) < expected[one.mark] for one in self._wanted if one.repeated),
            "left_behind": len(files - named),
            "recordings_missing": len({uri for uri in named if "/recordings/" in uri} - files),
            "uploads_open": uploads,
        }


def passed(balance: dict[str, Any]) -> bool:
    """Tell whether nothing was lost, nothing came of a call twice, and nothing lies where it should not."""
    once = balance["outcomes_again"] <= balance["outcomes_again_allowed"] and balance["corrected"] == 0
    return once and not any(balance[name] for name in NONE_OF)
