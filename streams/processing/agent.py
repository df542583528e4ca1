"""What a stage's agent is to the runner: the work, and the hooks for what may come with it."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Generic, TypeVar, cast

from schemas import Event
from streams.topics import Topic

TakenT = TypeVar("TakenT", bound=Event, contravariant=True)


class Tombstone(Event):
    """A result that is published without a value: whoever reads the topic learns that the call is forgotten."""

    call_id: str


class Agent(ABC, Generic[TakenT]):
    """The work of a stage. It may be repeated for the same event, also in another process, and must then do no harm."""

    async def start(self) -> None:
        """Get ready before the first event; raise CallsiftError if the worker cannot work. As a rule nothing to do."""
        return

    @abstractmethod
    async def work(self, event: TakenT, /) -> Event | None:
        """Return the event that comes of this one, or None where nothing does.

        Raises:
            PermanentError: The event belongs on the dead-letter topic.
            TransientError: The event may succeed later.
        """

    def needs_dependency(self, _event: TakenT, /) -> bool:
        """Tell whether the work on an event asks anybody else: only then it waits while a dependency is away."""
        return True

    def side_output(self, _event: TakenT, _result: Event, /) -> tuple[Topic, Event] | None:
        """Return what has to be published before the result of an event, and where; as a rule nothing."""
        return None

    def smaller_form(self, _refused: Event, /) -> Event | None:
        """Return an event that says the same of the call in fewer bytes, for one that no broker takes; None: no."""
        return None

    turn: AbstractAsyncContextManager[Any] = nullcontext()
    """Held from asking what is ``due`` until nothing follows. As a rule nothing is: publications overlap."""

    async def due(self, result: Any, /) -> Event | None:
        """Return what has to be published of a result; as a rule the result itself, None: nothing."""
        return cast("Event", result)

    async def follow_up(self, _result: Any, _published: Any, /) -> Event | None:
        """Take note that the broker has confirmed ``_published``; return what has to be published after it.

        As a rule nothing.
        """
        return None

    async def stop(self) -> None:
        """Give back what ``start`` took. As a rule nothing."""
        return
