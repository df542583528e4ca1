"""The contract of every way in: what a source saw of a call, and the call-ended event that comes of it. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from pydantic import ValidationError

from schemas import CallEnded
from streams.errors import CallsiftError, broken_rules

Reason = Literal["unreadable", "invalid", "unsigned", "too_large", "unconfirmed"]
"""Why a source's word is not taken. unreadable: it cannot be read at all. invalid: the event breaks a rule. unsigned:
nobody who is known has sent it. too_large: no broker takes it. unconfirmed: the brokers did not say that they have it,
so that it is to be sent again."""


class Observation(NamedTuple):
    """What a source saw of a call that is over."""

    source: str
    """Name of the source: one of those that its process has announced (``sources.metrics.announce``)."""
    content: Mapping[str, Any]
    """The fields of a call-ended event, as JSON has them. What the source does not know is left out. ``call_id`` has
    to be the same whenever the same call is seen again: a repetition is then known as one."""


class Refused(CallsiftError):
    """What a source said is not taken."""

    def __init__(self, reason: Reason, message: str, cure: str) -> None:
        """Say why: a word of a closed set, for a metric, and a sentence without what somebody said."""
        super().__init__(message, cure)
        self.args = (reason, message, cure)
        self.reason = reason


class TakesCalls(Protocol):
    """Where a source hands in what it saw: ``sources.intake``, or from the PBX's own machine ``sources.push``."""

    @property
    def at_once(self) -> int:
        """How many calls are best handed in together."""

    @property
    def is_away(self) -> bool:
        """Whether what is handed in now would not be taken, either: the brokers or the API are away."""

    async def take(self, observed: Sequence[Observation]) -> list[CallEnded | Refused]:
        """Return for each its event once it has arrived, or why it is not taken; only ``unconfirmed`` comes again."""

    def refused(self, source: str, refusal: Refused) -> None:
        """Take note of what the source itself could make no call of."""


def checked(content: Mapping[str, Any]) -> CallEnded:
    """Make the event of a call from its fields as JSON has them; whoever hands calls in has them checked here.

    Raises:
        ValidationError: It breaks a rule of the event.
        ValueError: It is not JSON.
    """
    return CallEnded.model_validate_json(json.dumps(content), strict=True)


def call_ended(observed: Observation) -> CallEnded:
    """Make the event of an observation.

    Raises:
        Refused: invalid: it breaks a rule; the message names the fields, and no value.
    """
    try:
        return checked(observed.content)
    except ValidationError as error:
        raise Refused("invalid", f"the call breaks a rule: {broken_rules(error)}", "Correct what is sent") from None
    except (TypeError, ValueError, RecursionError):
        raise Refused("invalid", "the call holds what JSON cannot", "Send text, numbers, lists and objects") from None
