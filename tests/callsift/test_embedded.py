"""What the embedded services are made of."""

from itertools import islice
from pathlib import Path

import pytest

from callsift.embedded import free_ports

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


@pytest.mark.skipif(not RANGE.exists(), reason="only Linux says which ports outgoing connections are given")
def test_no_outgoing_connection_is_given_a_free_port() -> None:
    lowest, highest = map(int, RANGE.read_text().split())
    assert [port for port in islice(free_ports(), 100) if lowest <= port <= highest] == []
