"""Who decides while the hosted model is away or its budget spent, and what that looks like."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from pydantic import SecretStr

from agents.classify.agent import ClassifyAgent, make_classifier
from agents.classify.core import Answer, Source
from agents.classify.fallback import OfflineWhenAway, SecondOpinion
from agents.classify.hosted.errors import (
    AnswerBlocked,
    BudgetSpent,
    GarbledAnswer,
    ModelAway,
    ModelBusy,
    RequestRefused,
)
from agents.classify.settings import ClassifySettings, Price
from callsift.embedded import free_port
from schemas import Leaf, Speaker, Taxonomy, Turn
from streams.errors import CallsiftError, TransientError
from tests.agents.classify.deciding import deciding
from tests.schemas.examples import call_transcribed, turn
from tests.servers.gemini import answered, failed, gemini_server

TAXONOMY = Taxonomy.load()
TURNS = (turn(Speaker.CUSTOMER, "geçen hafta yapıldı yine bozuldu çok şikayetçiyim"),)
CALL = call_transcribed(*TURNS)
COMPLAINT, CUSTOMER = Leaf("unnecessary_call", "complaint"), Leaf("potential_customer", None)


class Scripted:
    """A classifier that does as told, in turn; then it answers."""

    def __init__(self, name: str, *failures: Exception, leaf: Leaf = COMPLAINT) -> None:
        self.source = Source(name, f"{name}-v1")
        self.failures = list(failures)
        self.asked = 0
        self._leaf = leaf

    async def classify(self, turns: Sequence[Turn], /, *, ended_at: datetime | None = None) -> Answer:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return Answer(self._leaf, 0.9, "Şikayet.", stated=True)


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


AWAY = ModelAway("away", "Wait")
BUSY = ModelBusy("busy", "Wait")


@pytest.mark.parametrize("error", [AWAY, BudgetSpent("spent", "Wait")])
async def test_while_the_model_is_certainly_away_the_other_decides_at_once_and_says_so(error: Exception) -> None:
    policy = OfflineWhenAway(Scripted("gemini", error), Scripted("offline"), probe_s=15)
    result = await ClassifyAgent(deciding(policy, TAXONOMY), 0.5).work(CALL)
    assert (result.classifier, result.provisional) == ("offline", True)
    assert result.decision.sub_category == "complaint"


async def test_the_outcome_of_the_model_itself_is_another_classification() -> None:
    policy = OfflineWhenAway(Scripted("gemini", AWAY), Scripted("offline"), probe_s=15, clock=(clock := Clock()))
    agent = ClassifyAgent(deciding(policy, TAXONOMY), 0.5)
    provisional = await agent.work(CALL)
    clock.now += 60
    final = await agent.work(CALL)
    assert (final.classifier, final.provisional) == ("gemini", False)
    assert final.classification_id != provisional.classification_id


async def test_while_the_model_is_away_a_call_now_and_then_asks_whether_it_is_back() -> None:
    hosted, clock = Scripted("gemini", AWAY, AWAY), Clock()
    policy = OfflineWhenAway(hosted, Scripted("offline"), probe_s=15, clock=clock)
    for _ in range(5):
        assert (await policy.classify(TURNS)).provisional
    assert hosted.asked == 1
    clock.now += 60
    for _ in range(5):
        assert (await policy.classify(TURNS)).provisional
    assert hosted.asked == 2
    clock.now += 60
    assert not (await policy.classify(TURNS)).provisional
    assert not (await policy.classify(TURNS)).provisional


async def test_one_answer_that_does_not_come_is_tried_again_and_several_mean_that_it_is_away() -> None:
    policy = OfflineWhenAway(Scripted("gemini", BUSY, BUSY, BUSY), Scripted("offline"), probe_s=15)
    for _ in range(2):
        with pytest.raises(ModelBusy):
            await policy.classify(TURNS)
    assert (await policy.classify(TURNS)).provisional


async def test_an_answer_in_between_starts_the_count_again() -> None:
    hosted = Scripted("gemini", BUSY, BUSY)
    policy = OfflineWhenAway(hosted, Scripted("offline"), probe_s=15)
    for _ in range(2):
        with pytest.raises(ModelBusy):
            await policy.classify(TURNS)
    await policy.classify(TURNS)
    hosted.failures = [BUSY, BUSY]
    for _ in range(2):
        with pytest.raises(ModelBusy):
            await policy.classify(TURNS)


async def test_a_garbled_answer_is_no_reason_to_ask_somebody_else() -> None:
    policy = OfflineWhenAway(Scripted("gemini", GarbledAnswer("garbled", "Wait")), Scripted("offline"), probe_s=15)
    with pytest.raises(GarbledAnswer):
        await policy.classify(TURNS)


ABOUT_THE_CALL = [GarbledAnswer("garbled", "-"), AnswerBlocked("blocked", "-"), RequestRefused("refused", "-")]


@pytest.mark.parametrize("answer", ABOUT_THE_CALL, ids=lambda answer: type(answer).__name__)
async def test_a_model_that_answers_something_is_there(answer: CallsiftError) -> None:
    hosted, clock = Scripted("gemini", BUSY, BUSY, answer, BUSY, BUSY, AWAY, answer), Clock()
    policy = OfflineWhenAway(hosted, Scripted("offline"), probe_s=15, clock=clock)
    for error in (BUSY, BUSY, answer, BUSY, BUSY):  # never three in a row without any answer
        with pytest.raises(type(error)):
            await policy.classify(TURNS)
    assert (await policy.classify(TURNS)).provisional
    clock.now += 60
    with pytest.raises(type(answer)):
        await policy.classify(TURNS)
    assert not (await policy.classify(TURNS)).provisional


@pytest.mark.parametrize(("leaf", "agreement", "confidence"), [(COMPLAINT, 1.0, 0.9), (CUSTOMER, 0.0, 0.45)])
async def test_a_second_opinion_lowers_the_confidence_where_it_differs(
    leaf: Leaf, agreement: float, confidence: float
) -> None:
    pair = SecondOpinion(Scripted("gemini"), Scripted("offline", leaf=leaf))
    result = await ClassifyAgent(deciding(pair, TAXONOMY), 0.2).work(
        CALL.model_copy(update={"transcript_confidence": None})
    )
    assert (result.classifier, result.decision.agreement) == ("gemini", agreement)
    assert result.decision.confidence == confidence
    assert result.decision.sub_category == "complaint"


def settings(endpoint: str, **changes: Any) -> ClassifySettings:
    values: dict[str, Any] = {
        "classifier": "gemini",
        "gemini_api_key": SecretStr("key"),
        "gemini_endpoint": endpoint,
        "gemini_model": "m",
        "prices": {"m": Price(prompt=1.0, answer=10.0)},
    }
    return ClassifySettings(**values | changes)


@pytest.mark.integration
@pytest.mark.parametrize("client", ["gemini", "gemini-legacy"])
async def test_a_service_that_is_away_is_waited_for_or_stood_in_for(client: str) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    waiting = make_classifier(settings(endpoint, classifier=client), TAXONOMY)
    with pytest.raises(ModelAway):
        await waiting.classify(TURNS)
    standing_in = make_classifier(settings(endpoint, classifier=client, when_away="offline"), TAXONOMY)
    answer = await standing_in.classify(TURNS)
    assert answer.provisional
    assert answer.source is not None
    assert answer.source.classifier == "offline"


@pytest.mark.integration
async def test_the_days_budget_is_never_exceeded_and_then_waited_for_or_stood_in_for() -> None:
    with gemini_server() as server:  # a request takes 1,200 and 60 tokens: 0.0018
        waiting = make_classifier(settings(server.address, daily_budget=0.05), TAXONOMY)
        spent, answers = 0.0, 0
        with pytest.raises(BudgetSpent, match="CALLSIFT_CLASSIFY_WHEN_AWAY"):
            while True:
                another = turn(Speaker.AGENT, f"{answers} dakika", 4.0)  # the same question is paid for once
                usage = (await waiting.classify([*TURNS, another])).usage
                assert usage is not None
                spent, answers = spent + (usage.cost or 0), answers + 1
        assert 0.03 < spent <= 0.05
        assert len(server.received) == answers
        standing_in = make_classifier(settings(server.address, daily_budget=1e-6, when_away="offline"), TAXONOMY)
        assert (await standing_in.classify(TURNS)).provisional
        assert len(server.received) == answers


@pytest.mark.integration
async def test_samples_are_asked_for_each_by_itself_and_paid_for_together() -> None:
    with gemini_server() as server:
        server.script(*[answered(), answered(category="unnecessary_call", sub_category="complaint"), answered()])
        answer = await make_classifier(settings(server.address, agreement=3), TAXONOMY).classify(TURNS)
    assert answer.leaf == CUSTOMER
    assert answer.agreement == pytest.approx(2 / 3)
    assert answer.usage is not None
    assert (answer.usage.requests, answer.usage.prompt_tokens) == (3, 3600)


@pytest.mark.integration
async def test_a_sample_that_fails_fails_the_try_after_all_have_ended() -> None:
    with gemini_server() as server:
        server.script(failed(503))
        with pytest.raises(TransientError):
            await make_classifier(settings(server.address, agreement=3), TAXONOMY).classify(TURNS)
        assert len(server.received) == 3
