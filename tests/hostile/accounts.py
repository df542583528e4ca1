"""How each message ended: from the outcomes, the dead letters, and how far every consumer group is."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from schemas import CallOutcome
from streams.monitor.observer import Observer
from streams.settings import KafkaSettings
from streams.topics import AUDIO, DEAD_LETTER, OUTCOMES
from tests.chaos.tally import values
from tests.hostile.messages import Account, Hostile
from tests.hostile.senders import Position


class Books(NamedTuple):
    """What the topics say at one moment."""

    outcomes: dict[str, list[CallOutcome]]
    """By call, in the order of the topic."""
    buried: dict[Position, int]
    """The positions that dead letters name, and how often the work was tried."""
    seen: set[str]
    """The calls that a stage or a dead letter knows."""
    waiting: int
    """Messages that no reader is past."""

    def is_done(self, call_id: str) -> bool:
        """Tell whether a call has a category."""
        return any(outcome.state == "done" for outcome in self.outcomes.get(call_id, ()))

    def holds(self, message: Hostile, position: Position) -> bool:
        """Tell whether a message is accounted for."""
        match message.account:
            case Account.DONE:
                return self.is_done(message.call_id)
            case Account.SAID:
                return message.call_id in self.outcomes
            case Account.BURIED | Account.AT_ONCE:
                tries = self.buried.get(position)
                return tries == 1 or (tries is not None and message.account is Account.BURIED)
            case Account.PASSED:
                return self.waiting == 0
            case Account.UNSEEN:
                return message.call_id not in self.seen | self.outcomes.keys()
            case Account.CORRECTED:
                newest = max(self.outcomes.get(message.call_id, ()), key=lambda own: own.revision, default=None)
                return newest is not None and newest.state == "done" and newest.queue == "right"


def books(kafka: KafkaSettings) -> Books:
    """Read everything.

    Raises:
        KafkaUnavailable: The brokers do not answer.
    """
    outcomes: defaultdict[str, list[CallOutcome]] = defaultdict(list)
    for value in values(kafka, OUTCOMES.name):
        outcome = CallOutcome.model_validate_json(value)
        outcomes[outcome.call_id].append(outcome)
    buried: dict[Position, int] = {}
    seen: set[str] = set()
    for letter in _readable(values(kafka, DEAD_LETTER.name)):
        position = (letter.get("topic", ""), letter.get("partition", -1), letter.get("offset", -1))
        buried[position] = letter.get("attempts", 0)
        seen.add(str(letter.get("call_id")))
    seen |= {str(event.get("call_id")) for event in _readable(values(kafka, AUDIO.name))}
    waiting = sum(group.lag for group in Observer(kafka).look().groups)
    return Books(dict(outcomes), buried, seen, waiting)


def _readable(values: Iterable[bytes]) -> Iterable[dict[str, Any]]:
    for value in values:
        try:
            event = json.loads(value)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event
