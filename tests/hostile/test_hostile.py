"""A short run among hostile messages in CI; ``make hostile`` is the long one."""

import pytest

from tests.hostile.messages import KINDS
from tests.trials import trial

pytestmark = [pytest.mark.integration, pytest.mark.slow]  # make hostile is the long form


def test_among_hostile_messages_every_good_call_is_done_and_every_message_accounted_for() -> None:
    result = trial("tests.hostile", "--calls", str(2 * len(KINDS)), "--seed", "3")
    assert result["good_calls_done"] == result["good_calls"] == 2 * len(KINDS)
    assert result["unaccounted"] == result["waiting_at_the_end"] == 0
    assert result["ended_unasked"] == []
