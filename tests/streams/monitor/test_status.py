"""What a status says, without any broker."""

import json
from datetime import UTC, datetime, timedelta

from streams.monitor.status import DeadLetterStatus, GroupStatus, PartitionStatus, RetryStatus, Status

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def status(*waiting_since: datetime | None) -> Status:
    partitions = tuple(
        PartitionStatus("calls.ended", number, 1, 3, 2, since) for number, since in enumerate(waiting_since)
    )
    group = GroupStatus("audio", "callsift.audio", None, partitions)
    return Status(NOW, (group,), (RetryStatus("calls.retry.30s", 0, None),), DeadLetterStatus(2, 1))


def test_a_group_waits_as_long_as_its_oldest_event_whose_time_is_known() -> None:
    found = status(None, NOW - timedelta(seconds=5), NOW - timedelta(seconds=60))
    assert found.groups[0].lag == 6
    assert found.age_s(found.groups[0].waiting_since) == 60
    assert status(None).groups[0].waiting_since is None


def test_an_event_from_a_clock_that_is_ahead_has_no_negative_age() -> None:
    assert status().age_s(NOW + timedelta(hours=1)) == 0


def test_in_flight_is_left_out_where_it_is_unknown() -> None:
    found = status(NOW)
    [group] = json.loads(json.dumps(found.as_json()))["groups"]
    assert "in_flight" not in group
    [group] = json.loads(json.dumps(found.as_json({"audio": 3})))["groups"]
    assert (group["in_flight"], group["members"]) == (3, None)
