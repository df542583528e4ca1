"""What follows a failure: plain functions, without a clock and without I/O."""

from enum import Enum
from typing import NamedTuple

from streams.errors import CallsiftError, DependencyDown, PermanentError, TransientError
from streams.message import Tries
from streams.topics import RETRIES, Topic

_LONGEST_RETRY_AFTER_S = 60.0
"""Beyond that nobody is obeyed who asks to be left alone: the retry topics know how to wait for long."""


class Then(Enum):
    """What becomes of an event whose try has failed."""

    RETRY = "tried again here, soon; a try is spent"
    WAIT = "tried again here, when the dependency may be back; no try is spent"
    GIVE_UP = "given up here: a retry topic, or the dead letters"


class Decision(NamedTuple):
    """What follows a failed try."""

    then: Then
    away: bool
    """Whether what the stage depends on counts as away from now on, for every event."""


def after(
    failure: CallsiftError,
    *,
    tries: int,
    waits: int,
    quick_tries: int,
    others_got_through: bool,
    streak: bool,
    away: bool,
) -> Decision:
    """Decide what follows a failed try of one event.

    Args:
        failure: Why it failed.
        tries: How many tries the event has had since it was taken, this one included.
        waits: How often it has waited for a dependency meanwhile. Only where each event names its own do waits count
            as tries: it makes room.
        quick_tries: How many tries an event has here.
        others_got_through: Whether other events, which needed the same, got through since this one was taken.
        streak: Whether so many different events have failed in a row that their dependency counts as away.
        away: Whether it counts as away already.
    """
    if isinstance(failure, PermanentError):
        return Decision(Then.GIVE_UP, away)
    if isinstance(failure, TransientError) and not failure.one_event_tells:
        tries += waits
    last = tries >= (failure.attempts_worth_making or quick_tries)
    if isinstance(failure, TransientError) and failure.dependency is not None:
        tells = last and failure.one_event_tells and not others_got_through
        away = away or streak or tells or isinstance(failure, DependencyDown)
        if away and (failure.one_event_tells or not last):
            return Decision(Then.WAIT, away)  # the dependency's fault, not the event's
    return Decision(Then.GIVE_UP if last else Then.RETRY, away)


def retry_topic(failure: CallsiftError, tries: Tries) -> Topic | None:
    """Return where a message waits that was given up after so many tries; None: there is no later for it."""
    worth_making = failure.attempts_worth_making
    is_the_events_fault = isinstance(failure, PermanentError) or (
        worth_making is not None and tries.made >= worth_making
    )
    return None if is_the_events_fault or tries.retries >= len(RETRIES) else RETRIES[tries.retries]


def shortest_pause_s(failure: CallsiftError) -> float:
    """Return the seconds that whoever failed asks to be left alone, as far as that is obeyed; 0: it does not say."""
    asked_s = failure.retry_after_s if isinstance(failure, TransientError) else None
    return min(asked_s or 0.0, _LONGEST_RETRY_AFTER_S)
