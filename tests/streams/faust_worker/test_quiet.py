"""What is overridden in Faust, mode and aiokafka is still there under the same names."""

import inspect

import pytest
from aiokafka import AIOKafkaConsumer
from faust.sensors.monitor import Monitor
from faust.tables.manager import TableManager
from mode.threads import ServiceThread

from streams.faust_worker import quiet


@pytest.mark.parametrize(
    ("made", "base", "name"),
    [
        (quiet.ConsumerThread, ServiceThread, "_keepalive2"),
        (quiet.ConsumerThread, ServiceThread, "_thread_keepalive"),
        (quiet.QuietMonitor, Monitor, "_sampler"),
        (quiet.NoTables, TableManager, "on_start"),
    ],
)
def test_a_timer_is_replaced_where_its_owner_has_it(made: type, base: type, name: str) -> None:
    assert name in vars(base)
    assert getattr(made, name) is not getattr(base, name)


def test_tables_do_nothing_at_the_start_but_what_is_done_here_and_to_wait() -> None:
    theirs = inspect.getsource(TableManager.on_start)
    ours = inspect.getsource(quiet.NoTables.on_start)
    assert "self.sleep(1.0)" in theirs
    awaited = [line.strip() for line in theirs.splitlines() if "await" in line and "sleep" not in line]
    assert awaited == [line.strip() for line in ours.splitlines() if "await" in line]


def test_aiokafka_keeps_its_look_at_fetches_where_it_is_set() -> None:
    assert "self._consumer_timeout" in inspect.getsource(AIOKafkaConsumer)
