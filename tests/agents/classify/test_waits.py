"""Who waits how long around one request, and in what order: the table of docs/classification.md against the code."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.classify.agent import ClassifyAgent
from agents.classify.fallback import PATIENCE, PROBE_S, OfflineWhenAway
from agents.classify.hosted import HostedClassifier
from agents.classify.hosted.budget import DailyBudget
from agents.classify.hosted.limits import LONGEST_PAUSE_S, ROUNDS_TURNED_AWAY, Limiter
from agents.classify.hosted.model import Reply
from agents.classify.hosted.prompt import Prompt
from agents.classify.offline.classifier import OfflineClassifier
from agents.classify.settings import ClassifySettings
from schemas import Taxonomy
from streams.message import Headers, Message
from streams.processing.circuit_breaker import CircuitBreaker
from streams.processing.runner import PATIENCE as STAGE
from streams.processing.runner import StageRunner
from streams.settings import RunnerSettings
from streams.topics import DEAD_LETTER, RETRIES, STAGES, TRANSCRIPTS, Topic
from tests.agents.classify.deciding import deciding
from tests.schemas.examples import call_transcribed

PAGE = (Path(__file__).parents[3] / "docs" / "classification.md").read_text(encoding="utf-8")
SECTION = PAGE.split("### Who waits how long, and in what order\n")[1].split("\n### ")[0]
LINES = re.findall(r"^\| (the .*) \| (.*) \| (.*) \| (.*) \|$", SECTION, re.M)
ROWS = {who.split(" (")[0]: cells for who, *cells in LINES}
RUNNER, CLASSIFY = RunnerSettings(), ClassifySettings()
NUMBERS: dict[str, list[float | None]] = {
    "the stage's breaker": [STAGE.outage_streak, STAGE.probe_s, 2 * STAGE.probe_s, STAGE.longest_probe_s],
    "the fallback": [PATIENCE, PROBE_S],
    "the budget": [],
    "the limiter": [CLASSIFY.gemini_concurrency, LONGEST_PAUSE_S, 1, 2, LONGEST_PAUSE_S, ROUNDS_TURNED_AWAY],
    "the client": [CLASSIFY.gemini_timeout_s],
    "the repair": [],
    "the quick tries": [RUNNER.quick_tries, STAGE.backoff_s, 2 * STAGE.backoff_s],
    "the retry topics": [topic.delay_s for topic in RETRIES],
}


class Rambling:
    """A model whose every answer is garbled."""

    classifier = "gemini"

    def __init__(self, asked: Callable[[], None]) -> None:
        self._asked = asked

    async def ask(self, _prompt: Prompt, /) -> Reply:
        self._asked()
        return Reply("no JSON")


@pytest.mark.parametrize("who", NUMBERS)
def test_the_numbers_of_the_table_are_those_of_the_code(who: str) -> None:
    assert [float(number) for number in re.findall(r"\d+(?:\.\d+)?", " ".join(ROWS[who]))] == NUMBERS[who]


async def test_a_call_meets_them_in_the_order_of_the_table_and_takes_no_more_requests_than_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    met: list[str] = []

    def note(owner: Any, method: str, who: str) -> None:
        original = getattr(owner, method)

        def noted(*arguments: Any, **named: Any) -> Any:
            met.append(who)
            return original(*arguments, **named)

        monkeypatch.setattr(owner, method, noted)

    note(CircuitBreaker, "acquire", "the stage's breaker")
    note(OfflineWhenAway, "classify", "the fallback")
    note(DailyBudget, "reserve", "the budget")
    note(Limiter, "permit", "the limiter")
    note(Prompt, "repaired", "the repair")
    pause = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda _seconds: pause(0))
    note(asyncio, "sleep", "the quick tries")
    due, letters = [Message(TRANSCRIPTS, 0, 0, b"call", call_transcribed().model_dump_json().encode())], 0

    async def publish(topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        nonlocal letters
        letters += topic is DEAD_LETTER
        if topic in RETRIES:
            met.append("the retry topics")
            due.append(Message(TRANSCRIPTS, 0, 0, key, value, headers))

    taxonomy = Taxonomy.load()
    hosted = HostedClassifier(Rambling(lambda: met.append("the client")), CLASSIFY, taxonomy)
    agent = ClassifyAgent(
        deciding(OfflineWhenAway(hosted, OfflineClassifier(taxonomy), probe_s=PROBE_S), taxonomy), 0.5
    )
    runner = StageRunner(STAGES["classify"], agent, publish, RUNNER)
    while due:
        await runner.take(due.pop())
    assert list(dict.fromkeys(met)) == list(NUMBERS) == list(ROWS)
    assert letters == 1
    assert re.findall(r"at most (\d+) requests", SECTION) == [str(met.count("the client"))]
