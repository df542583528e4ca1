"""What follows a failure, a row for each case."""

from typing import NamedTuple

import pytest

from streams.errors import (
    CallsiftError,
    DependencyDown,
    NativeCodeDied,
    PermanentError,
    TransientError,
    UnexpectedError,
)
from streams.message import Tries
from streams.processing.failures import FailureLog
from streams.processing.policy import Decision, Then, after, retry_topic, shortest_pause_s
from streams.topics import RETRIES, Topic
from tests.streams.scripted import NOW, Away, Busy

RETRY, WAIT, GIVE_UP = (
    Decision(Then.RETRY, away=False),
    Decision(Then.WAIT, away=True),
    Decision(Then.GIVE_UP, away=False),
)
GIVE_UP_WHILE_AWAY = Decision(Then.GIVE_UP, away=True)
RETRY_WHILE_AWAY = Decision(Then.RETRY, away=True)


class Unreachable(TransientError):
    """Each event names its own place: none tells of another."""

    dependency = "the recordings"
    one_event_tells = False


class Case(NamedTuple):
    failure: CallsiftError
    decision: Decision
    tries: int = 1
    waits: int = 0
    others_got_through: bool = False
    streak: bool = False
    away: bool = False


OWN, BUSY, AWAY = TransientError("garbled", "wait"), Busy("no answer", "wait"), Away("refused", "start it")
BAD, CRASHED, UNREACHABLE = (
    PermanentError("bad", "mend it"),
    NativeCodeDied("crashed", "listen"),
    Unreachable("no", "look"),
)
CASES = {
    "permanent, the first time": Case(BAD, GIVE_UP),
    "permanent, while a dependency is away": Case(BAD, GIVE_UP_WHILE_AWAY, away=True),
    "of the event alone, the first time": Case(OWN, RETRY),
    "of the event alone, before the last time": Case(OWN, RETRY, tries=2),
    "of the event alone, the last time": Case(OWN, GIVE_UP, tries=3),
    "of the event alone, while a dependency is away": Case(OWN, RETRY_WHILE_AWAY, away=True),
    "of the event alone, the last time, while a dependency is away": Case(OWN, GIVE_UP_WHILE_AWAY, tries=3, away=True),
    "of the event alone, the first time, after waits": Case(OWN, RETRY, waits=9),
    "of the event alone, the last time, after waits": Case(OWN, GIVE_UP, tries=3, waits=9),
    "of the event alone, after a streak of others": Case(OWN, RETRY, streak=True),
    "a bug": Case(UnexpectedError("unknown error KeyError", "report it"), RETRY),
    "a bug, the last time": Case(UnexpectedError("unknown error KeyError", "report it"), GIVE_UP, tries=3),
    "a crash, the first time": Case(CRASHED, RETRY),
    "a crash, the second time": Case(CRASHED, GIVE_UP, tries=2),
    "for want of a dependency, the first time": Case(BUSY, RETRY),
    "for want of a dependency, although others got through": Case(BUSY, RETRY, others_got_through=True),
    "for want of a dependency, the last time, nobody got through": Case(BUSY, WAIT, tries=3),
    "for want of a dependency, the last time, although others got through": Case(
        BUSY, GIVE_UP, tries=3, others_got_through=True
    ),
    "for want of a dependency, after waits, although others got through": Case(
        BUSY, RETRY, waits=9, others_got_through=True
    ),
    "for want of a dependency, the last time, after waits, although others got through": Case(
        BUSY, GIVE_UP, tries=3, waits=9, others_got_through=True
    ),
    "for want of a dependency, after a streak": Case(BUSY, WAIT, streak=True),
    "for want of a dependency, the last time, after a streak": Case(
        BUSY, WAIT, tries=3, others_got_through=True, streak=True
    ),
    "for want of a dependency, while it is away": Case(BUSY, WAIT, away=True),
    "for want of a dependency, for the hundredth time, while it is away": Case(
        BUSY, WAIT, waits=99, others_got_through=True, away=True
    ),
    "for want of one that is certainly away, the first time": Case(AWAY, WAIT),
    "for want of one that is certainly away, although others got through": Case(
        AWAY, WAIT, tries=3, others_got_through=True
    ),
    "of something away that has no name": Case(DependencyDown("down", "wait"), RETRY),
    "a place of its own, the first time": Case(UNREACHABLE, RETRY),
    "a place of its own, the last time": Case(UNREACHABLE, GIVE_UP, tries=3),
    "a place of its own, after a streak": Case(UNREACHABLE, WAIT, streak=True),
    "a place of its own, while they are away": Case(UNREACHABLE, WAIT, waits=1, away=True),
    "a place of its own, after waits, while they are away": Case(UNREACHABLE, GIVE_UP_WHILE_AWAY, waits=2, away=True),
    "a place of its own, the last time, after a streak": Case(UNREACHABLE, GIVE_UP_WHILE_AWAY, tries=3, streak=True),
    "a place of its own, the last time, while they are away": Case(UNREACHABLE, GIVE_UP_WHILE_AWAY, tries=3, away=True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_failure_is_followed_by_another_try_by_waiting_or_by_giving_up(case: Case) -> None:
    decision = after(
        case.failure,
        tries=case.tries,
        waits=case.waits,
        quick_tries=3,
        others_got_through=case.others_got_through,
        streak=case.streak,
        away=case.away,
    )
    assert decision == case.decision


@pytest.mark.parametrize(
    ("failure", "made", "retries", "topic"),
    [
        (OWN, 3, 0, RETRIES[0]),
        (OWN, 6, 1, RETRIES[1]),
        (OWN, 9, 2, RETRIES[2]),
        (OWN, 12, 3, None),
        (BUSY, 3, 0, RETRIES[0]),
        (BAD, 0, 0, None),  # a refused publication: no try was made
        (BAD, 1, 0, None),
        (CRASHED, 1, 0, RETRIES[0]),
        (CRASHED, 2, 0, None),
    ],
)
def test_a_failed_event_goes_to_the_next_retry_topic_if_that_makes_sense(
    failure: CallsiftError, made: int, retries: int, topic: Topic | None
) -> None:
    assert retry_topic(failure, Tries(NOW, made, retries)) is topic


def asking(retry_after_s: float | None) -> TransientError:
    failure = Busy("too many requests", "wait")
    failure.retry_after_s = retry_after_s
    return failure


@pytest.mark.parametrize(
    ("failure", "pause_s"),
    [(BAD, 0), (BUSY, 0), (asking(None), 0), (asking(0.0), 0), (asking(7.5), 7.5), (asking(3e6), 60)],
)
def test_a_pause_that_is_asked_for_is_kept_up_to_a_minute(failure: CallsiftError, pause_s: float) -> None:
    assert shortest_pause_s(failure) == pause_s


def test_the_pause_between_two_tries_is_random_and_never_shorter_than_asked_for() -> None:
    log = FailureLog("audio", work_limit_s=1, backoff_s=0.5)
    pauses = {log.backoff_s(3) for _ in range(100)}
    assert len(pauses) > 50
    assert 0 <= min(pauses) <= max(pauses) <= 2
    assert max(log.backoff_s(99) for _ in range(100)) <= 60
    assert {log.backoff_s(3, 7.5) for _ in range(100)} == {7.5}
