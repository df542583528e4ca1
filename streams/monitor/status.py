"""How far the pipeline is: what waits where, for how long, and what was given up. All of it as the brokers know it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue


@dataclass(frozen=True)
class PartitionStatus:
    """How far a consumer group is on one partition."""

    topic: str
    """Name without prefix."""
    partition: int
    committed: int | None
    """The offset that the group goes on from; None: it has committed nothing yet."""
    end: int
    """Where what can be read ends: the offset of the next message, or of the oldest open transaction."""
    lag: int
    """Messages that are not committed; work in flight counts among them, what no reader is given does not."""
    waiting_since: datetime | None
    """When the oldest of them was published; None: there is none, or it could not be read."""


@dataclass(frozen=True)
class GroupStatus:
    """How far a stage is, or the retry mover."""

    name: str
    """audio, transcribe, classify, sink or retry."""
    group: str
    """The consumer group, with prefix."""
    members: int | None
    """Consumers in the group; None: the brokers do not tell."""
    partitions: tuple[PartitionStatus, ...]

    @property
    def lag(self) -> int:
        """Messages that are not committed."""
        return sum(partition.lag for partition in self.partitions)

    @property
    def waiting_since(self) -> datetime | None:
        """When the oldest waiting message was published."""
        return min((found.waiting_since for found in self.partitions if found.waiting_since is not None), default=None)


@dataclass(frozen=True)
class RetryStatus:
    """What waits on one retry topic."""

    topic: str
    """Name without prefix."""
    waiting: int
    """Messages that wait for their time."""
    next_due_at: datetime | None
    """When the first of them goes back; None: there is none, or it could not be read."""


@dataclass(frozen=True)
class DeadLetterStatus:
    """What was given up."""

    total: int
    """Dead letters on their topic."""
    not_replayed: int
    """Those of them that nobody has replayed."""
    old: int = 0
    """Those of these that were given up two days ago or before, and whose audio may still be there."""


@dataclass(frozen=True)
class Status:
    """The pipeline at one moment."""

    asked_at: datetime
    groups: tuple[GroupStatus, ...]
    """The stages in the order of the pipeline, then the retry mover."""
    retries: tuple[RetryStatus, ...]
    dead_letters: DeadLetterStatus

    def age_s(self, moment: datetime | None) -> float | None:
        """Return the seconds from ``moment`` to this status: never negative, clocks differ; None for None."""
        return max(0.0, (self.asked_at - moment).total_seconds()) if moment else None

    def as_json(self, in_flight: Mapping[str, int] | None = None) -> dict[str, JsonValue]:
        """Return it as a JSON object; ``in_flight`` has the events in work by stage, where somebody knows them."""
        return {
            "asked_at": self.asked_at.isoformat(),
            "groups": [self._group(group, (in_flight or {}).get(group.name)) for group in self.groups],
            "retries": [
                {
                    "topic": retry.topic,
                    "waiting": retry.waiting,
                    "next_due_at": retry.next_due_at.isoformat() if retry.next_due_at else None,
                }
                for retry in self.retries
            ],
            "dead_letters": {"total": self.dead_letters.total, "not_replayed": self.dead_letters.not_replayed},
        }

    def _group(self, group: GroupStatus, in_flight: int | None) -> dict[str, JsonValue]:
        shown: dict[str, JsonValue] = {"name": group.name, "group": group.group, "members": group.members}
        shown |= {"lag": group.lag, "oldest_waiting_s": self.age_s(group.waiting_since)}
        if in_flight is not None:
            shown["in_flight"] = in_flight
        shown["partitions"] = [
            {
                "topic": found.topic,
                "partition": found.partition,
                "committed": found.committed,
                "end": found.end,
                "lag": found.lag,
                "oldest_waiting_s": self.age_s(found.waiting_since),
            }
            for found in group.partitions
        ]
        return shown
