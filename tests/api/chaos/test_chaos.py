"""What a run passes by; ``make api-chaos`` is the run itself."""

from typing import Any

import pytest

from tests.api.chaos.accounts import NONE_OF, passed
from tests.trials import trial

GOOD: dict[str, Any] = {"corrected": 0, "outcomes_again": 1, "outcomes_again_allowed": 1, **dict.fromkeys(NONE_OF, 0)}


@pytest.mark.parametrize(
    ("change", "expected"),
    [({}, True), ({"outcomes_again": 2}, False), ({"corrected": 1}, False), *(({name: 1}, False) for name in NONE_OF)],
)
def test_a_run_passes_if_every_answer_holds_and_nothing_else_is_left(change: dict[str, Any], expected: bool) -> None:
    assert passed(GOOD | change) == expected


@pytest.mark.slow  # make api-chaos
@pytest.mark.integration
def test_while_api_broker_and_store_are_killed_every_202_ends_as_one_outcome() -> None:
    result = trial("tests.api.chaos", "--calls", "50", "--rounds", "1", "--seed", "3")
    assert result["lost"] == result["left_behind"] == 0
    assert result["answered_202"] >= 40
