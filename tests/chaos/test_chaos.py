"""A short chaos run in CI; ``make chaos`` is the long one."""

from typing import Any

import pytest

from tests.chaos.tally import passed
from tests.trials import trial

GOOD: dict[str, Any] = {
    "calls": 60,
    "documents": 60,
    "unique_outcomes": 60,
    "duplicate_outcomes": 0,
    "lost": 0,
    "killed_sinks": 0,
    "killed_brokers": 0,
}
RESTART: dict[str, Any] = {"workers_replaced": 14, "ended_unasked": [], "unclean_ends": []}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"lost": 1}, False),
        ({"documents": 59}, False),
        ({"duplicate_outcomes": 1}, False),
        ({"duplicate_outcomes": 1, "killed_sinks": 1}, True),
        ({"duplicate_outcomes": 1, "killed_brokers": 1}, True),
        ({"duplicate_outcomes": 3, "killed_sinks": 1, "killed_brokers": 1}, False),
        (RESTART, True),
        (RESTART | {"duplicate_outcomes": 1}, False),
        (RESTART | {"duplicate_outcomes": 1, "killed_sinks": 1, "ended_unasked": ["sink (1)"]}, False),
        (RESTART | {"unclean_ends": ["audio (1)"]}, False),
        ({"retries": 5, "latest_retry_s": 1.0}, False),
        ({"retries": 6, "latest_retry_s": 61.0}, False),
        ({"retries": 6, "latest_retry_s": 60.0}, True),
    ],
)
def test_a_run_passes_if_nothing_is_lost_and_no_more_comes_twice_than_was_killed(
    change: dict[str, Any], expected: bool
) -> None:
    assert passed(GOOD | change) == expected


@pytest.mark.integration
@pytest.mark.slow  # make chaos is the long form
def test_while_everything_is_killed_every_call_ends_as_one_document_and_one_outcome() -> None:
    short = ("--calls", "60", "--rounds", "1", "--pause", "0.5", "--session", "2", "--seed", "3")
    result = trial("tests.chaos", *short)
    assert result["lost"] == 0
    assert result["documents"] == result["unique_outcomes"] == result["calls"] == 60
