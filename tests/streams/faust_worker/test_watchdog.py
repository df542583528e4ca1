"""The watchdog: what counts as stuck."""

import subprocess
import sys

import pytest

from streams.faust_worker.watchdog import EXIT_STALLED, Watchdog, WorkerState
from streams.settings import KafkaSettings
from tests.patience import PATIENCE_S

IDLE = WorkerState(
    partitions=frozenset({("calls.ended", 0)}),
    submitted=7,
    finished=7,
    in_flight=0,
    paused=False,
    rebalancing=False,
    crashed=False,
    stopping=False,
)


def watched(*moments: tuple[float, WorkerState, int | None], rebalance_s: float = 10) -> list[str | None]:
    """Return the verdicts at some moments, each with the state and the lag that the brokers report."""
    states = iter([state for _, state, _ in moments])
    dog = Watchdog(lambda: next(states), stall_limit_s=60, stop_limit_s=45, hold_limit_s=300, rebalance_s=rebalance_s)
    return [dog.verdict(lambda _, lag=lag: lag, now_s) for now_s, _, lag in moments]  # type: ignore[misc]


def test_events_that_wait_while_nothing_moves_are_a_stall() -> None:
    assert watched((0, IDLE, 3), (5, IDLE, 3), (64, IDLE, 3), (65, IDLE, 3)) == [None, None, None, "stalled"]


@pytest.mark.parametrize(
    "state",
    [
        IDLE._replace(paused=True),
        IDLE._replace(partitions=frozenset()),
    ],
    ids=["paused on purpose", "no partitions"],
)
def test_a_worker_with_a_good_reason_is_left_alone(state: WorkerState) -> None:
    assert watched((0, state, 3), (100, state, 3), (200, state, 3)) == [None, None, None]


@pytest.mark.parametrize("lag", [0, None], ids=["nothing waits", "the brokers do not answer"])
def test_a_worker_that_has_nothing_to_take_is_left_alone(lag: int | None) -> None:
    assert watched((0, IDLE, lag), (100, IDLE, lag), (200, IDLE, lag)) == [None, None, None]


def test_progress_starts_the_time_again() -> None:
    moved = IDLE._replace(submitted=8)
    assert watched((0, IDLE, 3), (5, IDLE, 3), (50, moved, 3), (66, moved, 3), (120, moved, 3), (126, moved, 3)) == [
        None,
        None,
        None,
        None,
        None,
        "stalled",
    ]


@pytest.mark.parametrize(
    ("reason", "state", "limit_s"),
    [
        ("crashed", IDLE._replace(crashed=True), 10),
        ("stopping", IDLE._replace(stopping=True), 45),
        ("rebalancing", IDLE._replace(rebalancing=True), 60),
    ],
)
def test_a_state_that_lasts_too_long_is_named(reason: str, state: WorkerState, limit_s: float) -> None:
    assert watched((0, state, 0), (limit_s - 1, state, 0), (limit_s, state, 0)) == [None, None, reason]


@pytest.mark.parametrize("rebalance_timeout_s", [10.0, 240.0, 1800.0])
def test_a_hand_over_that_takes_as_long_as_it_may_is_not_stuck(rebalance_timeout_s: float) -> None:
    state, kafka = IDLE._replace(rebalancing=True, in_flight=1), KafkaSettings(rebalance_timeout_s=rebalance_timeout_s)
    longest_s = kafka.handover_s + kafka.rebalance_timeout_s
    assert watched((0, state, 0), (longest_s, state, 0), rebalance_s=rebalance_timeout_s) == [None, None]


def test_work_that_is_not_finished_within_all_its_tries_is_held() -> None:
    busy = IDLE._replace(in_flight=8)
    done = busy._replace(finished=8, submitted=8)
    assert watched((0, busy, 0), (5, busy, 0), (304, busy, 0), (305, busy, 0)) == [None, None, None, "held"]
    assert watched((0, busy, 9), (5, busy, 9), (304, done, 9), (600, done, 9)) == [None] * 4


def test_work_may_wait_for_a_dependency_as_long_as_it_takes() -> None:
    waiting = IDLE._replace(in_flight=8, paused=True)
    assert watched((0, waiting, 3), (5, waiting, 3), (9999, waiting, 3)) == [None] * 3


PROGRAM = """
import sys, threading
from streams.faust_worker import watchdog
from tests.streams.faust_worker.test_watchdog import IDLE

watchdog._INTERVAL_S = watchdog._CRASH_LIMIT_S = 0.0
sys.stderr = None
limits_s = {"stall_limit_s": 60, "stop_limit_s": 45, "hold_limit_s": 300, "rebalance_s": 10}
dog = watchdog.Watchdog(lambda: IDLE._replace(crashed=True), **limits_s)
dog.start(lambda _: 0)
threading.Event().wait(60)
"""


def test_a_stuck_worker_is_ended_even_if_its_stacks_cannot_be_written() -> None:
    assert subprocess.run([sys.executable, "-c", PROGRAM], timeout=PATIENCE_S, check=False).returncode == EXIT_STALLED
