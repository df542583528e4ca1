"""One message of calls.outcomes, as the readers of the stream get it."""

from typing import Literal

from confluent_kafka import Message
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.access import Principal, Right
from api.calls.filters import Texts
from api.calls.resource import shown
from schemas import CallOutcome
from streams.kafka import offset_of


class StreamFilters(BaseModel):
    """Parameters that say which outcomes are streamed: those that fit all. One that is given twice means either."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    category: Texts = Field(default=(), examples=[["unnecessary_call"]])
    """Code of a category (GET /v1/taxonomy)."""
    queue: Texts = ()
    """The queue that the call came through."""
    agent: Texts = ()
    """Who answered, as the PBX names them."""
    state: tuple[Literal["done", "failed", "unrecorded"], ...] = Field(default=(), max_length=3)
    """done: calls with a category. failed: those that could not be processed. unrecorded: those without a recording."""
    cursor: str | None = Field(default=None, max_length=8192)
    """The id of the last event that was had, for whoever cannot send the header Last-Event-ID."""

    def fit(self, outcome: CallOutcome) -> bool:
        """Tell whether an outcome is asked for."""
        found = (
            (self.category, outcome.category),
            (self.queue, outcome.queue),
            (self.agent, outcome.agent_id),
            (self.state, outcome.state),
        )
        return all(value in wanted for wanted, value in found if wanted)


class Announced:
    """An outcome, or that a call is gone. Many readers share one: what they all get is made once."""

    def __init__(self, partition: int, offset: int, call_id: str, outcome: CallOutcome | None) -> None:
        """Say where it stands and what it is; no outcome: the call is gone."""
        self.partition, self.offset = partition, offset
        self._call_id, self._outcome = call_id, outcome
        self._lines: dict[bool, str] = {}
        self.cursor = ""
        """Where somebody is who has had it, and everything before it."""

    @classmethod
    def of(cls, message: Message) -> "Announced | None":
        """Read a message; None: nobody can."""
        key, value, partition = message.key(), message.value(), int(message.partition() or 0)
        try:
            outcome = None if value is None else CallOutcome.model_validate_json(value)
            call_id = outcome.call_id if outcome else bytes(key or b"").decode()
        except (UnicodeDecodeError, ValidationError):
            return None
        return cls(partition, offset_of(message), call_id, outcome)

    def is_for(self, who: Principal, filters: StreamFilters) -> bool:
        """Tell whether somebody gets it.

        A tombstone has no facts of its call: it goes to those who may see all calls, and to nobody else.
        """
        if self._outcome is None:
            return who.scope.is_everywhere
        return who.scope.allows(self._outcome) and filters.fit(self._outcome)

    def event(self, who: Principal) -> bytes:
        """Return the server-sent event for somebody."""
        if self._outcome is None:
            line = CallGone(call_id=self._call_id).model_dump_json()
            return format_sse_event(event="gone", data_str=line, id=self.cursor)
        sees = who.may(Right.SEE_NUMBER)
        if sees not in self._lines:
            self._lines[sees] = shown(self._outcome, who).model_dump_json()
        return format_sse_event(event="outcome", data_str=self._lines[sees], id=self.cursor)


class CallGone(BaseModel):
    """A call that was forgotten: remove what you keep of it."""

    call_id: str
