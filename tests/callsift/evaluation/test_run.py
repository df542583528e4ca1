"""Asking: a few at once, nobody twice, one bad call stops nothing, and a service that is away stops everything."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agents.classify.hosted import GarbledAnswer, ModelAway, ModelThrottles
from agents.classify.labelled import LabelledDialogue
from callsift.evaluation import run
from callsift.evaluation.predictions import Predictions
from callsift.evaluation.questions import Question
from callsift.evaluation.run import Answers, ask_all
from schemas import CallClassified
from streams.errors import PermanentError
from tests.schemas.examples import examples

RESULT = next(event for event in examples() if isinstance(event, CallClassified))
Ask = Callable[[], Awaitable[CallClassified]]


async def answered() -> CallClassified:
    return RESULT


def question(key: str, ask: Ask = answered) -> Question:
    call = LabelledDialogue(id=f"call-{key}", turns=(), category="empty_call")
    return Question(call, "content", key, ask)


async def asked(path: Path, *questions: Question, concurrency: int = 4) -> Answers:
    with Predictions(path / "p") as kept:
        return await ask_all(questions, kept, concurrency, lambda _: None)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_FIRST_PAUSE_S", 0.0)


def failing(*errors: Exception) -> tuple[Ask, list[Exception]]:
    left = list(errors)

    async def ask() -> CallClassified:
        if left:
            raise left.pop(0)
        return RESULT

    return ask, left


def throttles(retry_after_s: float | None) -> ModelThrottles:
    error = ModelThrottles("turned away", "-")
    error.retry_after_s = retry_after_s
    return error


async def test_a_known_answer_is_not_asked_for_again_not_even_within_a_run(tmp_path: Path) -> None:
    first = await asked(tmp_path, question("a"), question("b"), question("a"))
    again = await asked(tmp_path, question("a"), question("c"))
    assert (first.new, again.new) == (2, 1)
    assert set(again.by_key) == {"a", "c"}


async def test_no_more_questions_are_asked_at_once_than_allowed(tmp_path: Path) -> None:
    now = most = 0

    async def ask() -> CallClassified:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return RESULT

    await asked(tmp_path, *(question(f"{number}", ask) for number in range(20)), concurrency=3)
    assert most == 3


async def test_a_passing_failure_is_tried_again(tmp_path: Path) -> None:
    ask, left = failing(*[GarbledAnswer("no JSON", "-")] * (run.TRIES - 1))
    found = await asked(tmp_path, question("a", ask))
    assert (found.new, found.failed, left) == (1, {}, [])


@pytest.mark.parametrize(
    "errors",
    [[GarbledAnswer("no JSON", "-")] * run.TRIES, [PermanentError("refused", "-")]],
    ids=["garbled", "refused"],
)
async def test_a_call_that_cannot_be_classified_is_noted_and_asked_about_next_time(
    tmp_path: Path, errors: list[Exception]
) -> None:
    ask, _ = failing(*errors)
    found = await asked(tmp_path, question("a", ask), question("b"))
    assert set(found.failed) == {"a"}
    assert set(found.by_key) == {"b"}
    assert (await asked(tmp_path, question("a", ask), question("b"))).new == 1


async def test_a_service_that_turns_requests_away_is_left_alone_for_as_long_as_it_asks_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    pause = asyncio.sleep

    async def note(seconds: float) -> None:
        pauses.append(seconds)
        await pause(0)

    monkeypatch.setattr(asyncio, "sleep", note)
    ask, left = failing(throttles(None), throttles(7.0), throttles(3e6))
    found = await asked(tmp_path, question("a", ask))
    assert (found.new, found.failed, left) == (1, {}, [])
    assert pauses == [0.0, 7.0, 60.0]


async def test_a_service_that_turns_every_try_away_ends_the_run(tmp_path: Path) -> None:
    ask, left = failing(*[throttles(0.0)] * (run.TRIES + 1))
    with pytest.raises(ModelThrottles):
        await asked(tmp_path, question("a", ask))
    assert len(left) == 1


async def test_a_service_that_is_away_ends_the_run_at_once_and_answers_are_kept(tmp_path: Path) -> None:
    ask, left = failing(ModelAway("away", "-"), ModelAway("away", "-"))
    with pytest.raises(ModelAway):
        await asked(tmp_path, question("a"), question("b", ask), concurrency=1)
    assert len(left) == 1
    assert (await asked(tmp_path, question("a"), concurrency=1)).new == 0
