"""The short form of ``python -m tests.coordinator``."""

import pytest

from deploy.laptop.kafka import CannotRunKafka
from tests.coordinator.__main__ import all_ended_well, failovers, starts

pytestmark = [pytest.mark.integration, pytest.mark.slow]  # python -m tests.coordinator is the long form


def test_asking_fresh_brokers_and_killed_coordinators_never_ends_a_process_by_a_signal() -> None:
    try:
        ended = starts(1) + failovers(1, brokers=1)
    except CannotRunKafka as reason:
        pytest.skip(f"cannot run Kafka on this machine: {reason}")
    assert all_ended_well(ended), ended
