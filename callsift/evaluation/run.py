"""Asking about all labelled calls, a few at a time, and never about the same twice."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from agents.classify.hosted import ModelThrottles
from callsift.evaluation.predictions import Prediction, Predictions, prediction
from callsift.evaluation.questions import Question
from streams.errors import CallsiftError, DependencyDown, PermanentError, TransientError

ItemT = TypeVar("ItemT")
AnswerT = TypeVar("AnswerT")
TRIES = 4
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 60.0
"""A service that asks to be left alone for longer is asked again all the same."""


@dataclass(frozen=True)
class Answers:
    """What a run found out."""

    by_key: dict[str, Prediction]
    """Answers by the question's key; questions that failed are missing."""
    failed: dict[str, str]
    """What was wrong, by the question's key; nothing of the call is quoted."""
    new: int
    """Answers that were asked for in this run; the rest were kept from earlier ones."""
    seconds: float
    """Wall-clock time of this run."""


async def ask_all(
    questions: Sequence[Question], kept: Predictions, concurrency: int, on_answer: Callable[[int], None]
) -> Answers:
    """Ask what is not answered yet, at most ``concurrency`` at once; ``on_answer`` is told how many more are known.

    A call that cannot be classified is noted and the run goes on, as in the pipeline.

    Raises:
        CallsiftError: What the classifier depends on is away. What was answered until then is kept.
    """
    started = time.monotonic()
    different = {question.key: question for question in questions}
    missing = [question for key, question in different.items() if kept.get(key) is None]
    on_answer(len(different) - len(missing))
    failed: dict[str, str] = {}

    async def answer(question: Question) -> None:
        try:
            kept.add(await _answer(question))
        except CallsiftError as error:
            failed[question.key] = about_one_call(error)
        on_answer(1)

    await each(missing, answer, concurrency)
    found = {question.key: kept.get(question.key) for question in questions}
    by_key = {key: answer for key, answer in found.items() if answer is not None}
    return Answers(by_key, failed, len(missing) - len(failed), time.monotonic() - started)


async def each(items: Iterable[ItemT], work: Callable[[ItemT], Awaitable[None]], concurrency: int) -> None:
    """Work on all items, at most ``concurrency`` at once; the first failure ends it, and is raised."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:  # shared: each worker takes the next
            await work(item)

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(concurrency):
                workers.create_task(worker())
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


async def asked(ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
    """Ask, and again where the answer may come a little later.

    Raises:
        CallsiftError: There is no answer, or what answers is away.
    """
    for attempt in range(TRIES):
        try:
            return await ask()
        except TransientError as error:
            is_away = isinstance(error, DependencyDown) and not isinstance(error, ModelThrottles)
            if attempt == TRIES - 1 or is_away:
                raise
            asked_s = min(error.retry_after_s or 0.0, _LONGEST_PAUSE_S)
            await asyncio.sleep(max(asked_s, _FIRST_PAUSE_S * 2**attempt))
    raise AssertionError("unreachable")


def about_one_call(error: CallsiftError) -> str:
    """Return what was wrong with one call, of which nothing is quoted, where others may fare better.

    Raises:
        CallsiftError: They would not: a recording is missing, a setting is wrong, or what answers is away.
    """
    if isinstance(error, PermanentError) or (isinstance(error, TransientError) and error.dependency is None):
        return f"{type(error).__name__}: {error.message}"
    raise error


async def _answer(question: Question) -> Prediction:
    async def timed() -> Prediction:
        started = time.monotonic()
        result = await question.ask()
        return prediction(question.key, question.call.id, result, time.monotonic() - started)

    return await asked(timed)
