"""The classify stage: who is asked, and who is not."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest
from pydantic import SecretStr

from agents.classify.agent import ClassifyAgent, make_classifier
from agents.classify.core import Answer, Source
from agents.classify.offline.classifier import OfflineClassifier
from agents.classify.settings import ClassifySettings
from schemas import Leaf, Speaker, Taxonomy, Turn
from streams.errors import SettingsError
from streams.topics import REPROCESS, STAGES
from tests.agents.classify.deciding import deciding
from tests.schemas.examples import call_classified, call_transcribed, turn

TAXONOMY = Taxonomy.load()


class Colleague:
    """A classifier that always says the same and counts how often it was asked."""

    source = Source("colleague", "v1")

    def __init__(self, confidence: float) -> None:
        self.asked = 0
        self._confidence = confidence

    async def classify(self, turns: Sequence[Turn], /, *, ended_at: datetime | None = None) -> Answer:
        self.asked += 1
        return Answer(Leaf("potential_customer", None), self._confidence, "Randevu.", (len(turns) - 1,))


async def test_a_call_in_which_the_customer_speaks_is_asked_about_once() -> None:
    colleague = Colleague(0.9)
    result = await ClassifyAgent(deciding(colleague, TAXONOMY), 0.5).work(call_transcribed())
    assert (result.decision.category, result.classifier, colleague.asked) == ("potential_customer", "colleague", 1)


async def test_a_call_without_the_customer_is_not_asked_about() -> None:
    colleague = Colleague(0.9)
    result = await ClassifyAgent(deciding(colleague, TAXONOMY), 0.5).work(
        call_transcribed(turn(Speaker.AGENT, "alo alo"))
    )
    assert (result.decision.category, result.classifier, colleague.asked) == ("empty_call", "rule", 0)


async def test_one_old_call_at_a_time_asks_and_a_live_one_passes_the_others() -> None:
    asking: list[str] = []
    answered = asyncio.Event()

    class Slow(Colleague):
        async def classify(self, turns: Sequence[Turn], /, *, ended_at: datetime | None = None) -> Answer:
            asking.append(turns[0].text)
            await answered.wait()
            return await super().classify(turns, ended_at=ended_at)

    agent = ClassifyAgent(deciding(Slow(0.9), TAXONOMY), 0.5)
    names = {"old 1": "backfill", "old 2": "backfill", "live": "live"}
    calls = [
        call_transcribed(turn(Speaker.CUSTOMER, name)).model_copy(update={"lane": lane}) for name, lane in names.items()
    ]
    work = asyncio.gather(*map(agent.work, calls))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asking == ["old 1", "live"]
    answered.set()
    await work
    assert asking == ["old 1", "live", "old 2"]


async def test_an_unsure_classifier_makes_the_call_uncertain() -> None:
    result = await ClassifyAgent(deciding(Colleague(0.2), TAXONOMY), 0.5).work(call_transcribed())
    assert (result.decision.category, result.decision.best_guess) == ("uncertain", "potential_customer")


async def test_repeated_work_gives_the_same_event() -> None:
    agent = ClassifyAgent(deciding(Colleague(0.9), TAXONOMY), 0.5)
    assert await agent.work(call_transcribed()) == await agent.work(call_transcribed())


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CALLSIFT_CLASSIFIER", "CALLSIFT_GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_key_the_offline_classifier_decides() -> None:
    assert make_classifier(ClassifySettings.read(), TAXONOMY).source.classifier == "offline"


def test_with_a_key_gemini_decides_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSIFT_GEMINI_API_KEY", "key")
    assert ClassifySettings.read().chosen == "gemini"
    monkeypatch.setenv("CALLSIFT_CLASSIFIER", "offline")
    assert ClassifySettings.read().chosen == "offline"


@pytest.mark.parametrize("name", ["gemini", "gemini-legacy"])
def test_gemini_without_a_key_does_not_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("CALLSIFT_CLASSIFIER", name)
    with pytest.raises(SettingsError, match=f"CALLSIFT_CLASSIFIER={name} needs CALLSIFT_GEMINI_API_KEY"):
        ClassifySettings.read()


def test_the_key_is_never_shown() -> None:
    assert "s3cret" not in repr(ClassifySettings(gemini_api_key=SecretStr("s3cret")))


def test_a_provisional_decision_goes_into_the_lane_as_an_event_of_its_own() -> None:
    call, result = call_transcribed(), call_classified().model_copy(update={"provisional": False})
    agent = ClassifyAgent(deciding(OfflineClassifier(TAXONOMY), TAXONOMY), 0.5)
    assert agent.side_output(call, result) is None
    aside = agent.side_output(call, result.model_copy(update={"provisional": True}))
    assert aside is not None
    topic, event = aside
    assert (topic,) == STAGES["classify"].also_produces == (REPROCESS,)  # what its Kafka user may write follows from it
    assert event.event_id != call.event_id
    assert event == call.model_copy(update={"event_id": event.event_id})
