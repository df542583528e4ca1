"""A call as the API shows it."""

from datetime import datetime
from typing import Literal, Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from api.access import Principal, Right
from schemas import CallOutcome

_SHOWN_DIGITS = 2
RETRY_AFTER_S = 5
"""Seconds after which to ask again for a call that has no outcome."""


class Progress(BaseModel):
    """Where a call is that has no outcome yet."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    stage: str
    """The stage that has it, or that it waits for."""
    state: Literal["waiting", "retrying", "braked"]
    """waiting: its turn comes, or it is in work. retrying: it failed, and is tried again at next_try_at. braked: the
    stage's brake is applied, and a person has to release it."""
    since: datetime | None = None
    """When it got there; null where the producer of its event did not say."""
    next_try_at: datetime | None = None
    """When it is tried again; null unless it is retrying."""
    tries: int = 0
    """Tries that failed before it got there."""


class Call(BaseModel):
    """A call: where it is, and what it ended as."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    call_id: str
    """The PBX's identifier of the call."""
    state: Literal["in_work", "done", "failed", "unrecorded"]
    """in_work: no outcome yet. done: it has a category. failed: it could not be processed; the outcome says why.
    unrecorded: it has no recording, and so no category; the outcome's disposition says how it went."""
    revision: int | None = None
    """Counts the outcomes; also the ETag. Null while there is none."""
    progress: Progress | None = None
    """Where it is; null once there is an outcome, and right after it was handed in."""
    outcome: CallOutcome | None = None
    """How it ended; null while nobody knows."""

    @classmethod
    def of(cls, outcome: CallOutcome, who: Principal) -> Self:
        """Show a call that has an outcome to somebody."""
        return cls(call_id=outcome.call_id, state=outcome.state, revision=outcome.revision, outcome=shown(outcome, who))


def shown(outcome: CallOutcome, who: Principal) -> CallOutcome:
    """Return an outcome as somebody may see it: the caller's number masked, unless they may see it."""
    if who.may(Right.SEE_NUMBER) or outcome.caller is None:
        return outcome
    return outcome.model_copy(update={"caller": masked(outcome.caller)})


def masked(number: str) -> str:
    """Return a number of which only the last digits are left."""
    return "•" * max(0, len(number) - _SHOWN_DIGITS) + number[-_SHOWN_DIGITS:]


def address_of(call_id: str) -> str:
    """Return where a call is asked for: its identifier may hold anything."""
    return f"/v1/calls/{quote(call_id, safe='')}"


def etag(revision: int) -> str:
    """Return the strong entity tag (RFC 9110) of a revision."""
    return f'"r{revision}"'
