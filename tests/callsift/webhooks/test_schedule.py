"""When a delivery is tried again, and when an endpoint is left alone or given up."""

from datetime import UTC, datetime, timedelta

import pytest

from callsift.webhooks.schedule import DELAYS_S, LASTS, is_lost, next_delay_s, pause_s
from callsift.webhooks.sender import Answer

NOW = datetime(2026, 11, 28, 6, tzinfo=UTC)
AWAY = Answer("no_connection", 0.1)


def test_the_delays_are_those_that_the_standard_recommends() -> None:
    assert DELAYS_S == (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
    tried = [next_delay_s(tries, AWAY, 0.0) for tries in range(1, 11)]
    assert tried == [*map(float, DELAYS_S[1:]), None]


@pytest.mark.parametrize(("jitter", "delay_s"), [(-1.0, 270.0), (1.0, 330.0)])
def test_a_delay_is_a_tenth_shorter_or_longer_at_the_most(jitter: float, delay_s: float) -> None:
    assert next_delay_s(2, AWAY, jitter) == pytest.approx(delay_s)


def test_retry_after_is_waited_for_where_it_is_longer_and_a_day_at_the_most() -> None:
    def busy(retry_after_s: float) -> Answer:
        return Answer("status", 0.1, 429, retry_after_s=retry_after_s)

    assert next_delay_s(1, busy(60.0), 0.0) == 60.0
    assert next_delay_s(3, busy(60.0), 0.0) == 1800.0
    assert next_delay_s(1, busy(1e9), 0.0) == 86_400.0
    assert pause_s(1, busy(60.0)) == 60.0
    assert pause_s(1, busy(1e9)) == 86_400.0


@pytest.mark.parametrize("status", [429, 502, 504])
def test_who_asks_for_less_gets_less_at_once_and_others_after_three_failures(status: int) -> None:
    slow, failing = Answer("status", 0.1, status), Answer("status", 0.1, 500)
    assert [pause_s(failures, slow) for failures in (1, 2, 3, 20)] == [2.0, 4.0, 8.0, 300.0]
    assert [pause_s(failures, failing) for failures in (1, 2, 3, 20)] == [0.0, 0.0, 8.0, 300.0]


def test_an_endpoint_is_lost_when_it_took_nothing_for_a_whole_schedule_and_not_for_one_delivery() -> None:
    long_ago = NOW - LASTS
    assert is_lost(long_ago, NOW, NOW, given_up=False)
    assert not is_lost(long_ago + timedelta(seconds=1), NOW, NOW, given_up=False)
    assert is_lost(NOW - timedelta(hours=70), NOW - timedelta(hours=70), NOW, given_up=True)
    assert not is_lost(NOW - timedelta(hours=1), long_ago, NOW, given_up=True)
