"""A short chaos run in CI; ``make chaos`` is the long one."""

import pytest

from tests.trials import trial

pytestmark = pytest.mark.integration


def test_while_everything_is_killed_every_call_ends_as_one_document_and_one_outcome() -> None:
    short = ("--calls", "60", "--rounds", "1", "--pause", "0.5", "--session", "2", "--seed", "3")
    result = trial("tests.chaos", *short)
    assert result["lost"] == 0
    assert result["documents"] == result["unique_outcomes"] == result["calls"] == 60
