"""What many people look at, asked for once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

AnswerT = TypeVar("AnswerT")


class Shared(Generic[AnswerT]):
    """Answers that hold for some seconds: whoever asks the same meanwhile, also while it is asked, gets the same."""

    def __init__(self, holds_s: float) -> None:
        """Begin without an answer."""
        self._holds_s = holds_s
        self._asked: dict[Hashable, asyncio.Task[AnswerT]] = {}

    async def answer(self, question: Hashable, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """Return the answer to a question; raises what ``ask`` raises, to all who wait for it then."""
        if question not in self._asked:
            asking = asyncio.ensure_future(_of(ask))
            asking.add_done_callback(lambda done: self._forget_later(question, done))
            self._asked[question] = asking
        return await asyncio.shield(self._asked[question])  # who goes away takes it from nobody else

    def forget(self, question: Hashable) -> None:
        """Have a question asked anew."""
        self._asked.pop(question, None)

    def _forget_later(self, question: Hashable, asked: asyncio.Task[AnswerT]) -> None:
        is_answer = not asked.cancelled() and asked.exception() is None

        def forget() -> None:
            if self._asked.get(question) is asked:
                del self._asked[question]

        asked.get_loop().call_later(self._holds_s if is_answer else 0.0, forget)


async def _of(ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
    return await ask()
