"""What the runner asks of tracing, and its absence; streams/processing/tracing.py makes real spans."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Protocol

from schemas import Event
from streams.message import Headers, Message

Ended = Callable[[str, str | None], None]
"""Tells a span how its message ended: the result, and the type of the error that it was given up for."""


class Spans(Protocol):
    """Makes one stage's spans, and carries their context from message to message."""

    def processing(self, message: Message, event: Event | None, taken_at: datetime) -> AbstractContextManager[Ended]:
        """Span the work on a message; ``event``: what it holds, None: it could not be read."""

    def sending(self, topic: str, headers: Headers) -> AbstractContextManager[Headers]:
        """Span a publication until it is confirmed; gives the headers that the message travels with."""

    def stop(self) -> None:
        """Send what is left."""


class NoTracing:
    """No spans: messages travel with the headers that they have."""

    def processing(self, _message: Message, _event: Event | None, _taken_at: datetime) -> AbstractContextManager[Ended]:
        """Span nothing."""
        return nullcontext(_untold)

    def sending(self, _topic: str, headers: Headers) -> AbstractContextManager[Headers]:
        """Span nothing."""
        return nullcontext(headers)

    def stop(self) -> None:
        """There is nothing to send."""


NO_TRACING = NoTracing()


def _untold(_result: str, _error_type: str | None) -> None:
    """Nobody wants to know."""
