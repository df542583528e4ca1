"""What a try has bought is not bought again by the next one of the same call."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from agents.classify.agent import make_classifier
from agents.classify.classifier import Classifier
from agents.classify.core import Answer
from agents.classify.hosted import GarbledAnswer
from agents.classify.hosted.errors import ModelBusy
from agents.classify.settings import ClassifySettings, Price
from schemas import Leaf, Speaker, Taxonomy
from streams.errors import TransientError
from tests.schemas.examples import turn
from tests.servers.gemini import Reply, answered, failed, gemini_server, said

pytestmark = pytest.mark.integration
TURNS = (turn(Speaker.CUSTOMER, "geçen hafta yapıldı yine bozuldu çok şikayetçiyim"),)
OTHERS = (turn(Speaker.CUSTOMER, "kombim su akıtıyor"),)
COMPLAINT = answered(category="unnecessary_call", sub_category="complaint")
PRICED: dict[str, Any] = {"gemini_model": "m", "prices": {"m": Price(prompt=1.0, answer=10.0)}}


def made(endpoint: str, **changes: Any) -> Classifier:
    values: dict[str, Any] = {
        "classifier": "gemini",
        "gemini_api_key": SecretStr("key"),
        "gemini_endpoint": endpoint,
        "gemini_concurrency": 1,
    }
    return make_classifier(ClassifySettings(**values | changes), Taxonomy.load())


def three_samples(endpoint: str) -> Classifier:
    return made(endpoint, agreement=3)


@pytest.mark.parametrize(
    ("faults", "requests"), [([failed(503)], 3), ([failed(429, retry_delay="0.01s")] * 5, 7)], ids=["503", "429"]
)
async def test_the_next_try_asks_only_for_the_samples_that_are_missing(faults: list[Reply], requests: int) -> None:
    with gemini_server() as server:
        classifier = three_samples(server.address)
        server.script(COMPLAINT, COMPLAINT, *faults)
        with pytest.raises(TransientError):
            await classifier.classify(TURNS)
        assert len(server.received) == requests
        assert (await classifier.classify(OTHERS)).agreement == 1.0  # another call's answers are no answers to this one
        answer = await classifier.classify(TURNS)
        assert len(server.received) == requests + 3 + 1
    assert answer.leaf == Leaf("unnecessary_call", "complaint")
    assert answer.agreement == pytest.approx(2 / 3)
    assert answer.usage is not None
    assert (answer.usage.requests, answer.usage.prompt_tokens) == (3, 3600)


async def test_the_same_question_is_paid_for_once_also_while_it_is_being_answered() -> None:
    with gemini_server() as server:
        classifier = three_samples(server.address)
        first, second, third = await asyncio.gather(*(classifier.classify(TURNS) for _ in range(3)))
        assert len(server.received) == 3
        assert first == second == third == await classifier.classify(TURNS)
        await classifier.classify(OTHERS)
        assert len(server.received) == 3 + 3


async def test_who_waits_for_an_answer_that_does_not_come_asks_for_it() -> None:
    with gemini_server() as server:
        classifier = made(server.address)
        server.script(failed(503), answered())
        ended = await asyncio.gather(*(classifier.classify(TURNS) for _ in range(2)), return_exceptions=True)
        assert [type(end) for end in ended] == [ModelBusy, Answer]
        assert len(server.received) == 2


async def test_a_call_that_is_cancelled_keeps_what_was_answered() -> None:
    with gemini_server() as server:
        classifier = three_samples(server.address)
        server.script(COMPLAINT, COMPLAINT, Reply(b"", delay_s=60))
        asking = asyncio.ensure_future(classifier.classify(TURNS))
        async with asyncio.timeout(10):
            while len(server.received) < 3:  # it is another thread's list that is waited for
                await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        answer = await classifier.classify(TURNS)
        assert len(server.received) == 3 + 1
    assert answer.agreement == pytest.approx(2 / 3)


async def test_what_garbled_tries_took_is_counted_when_a_later_one_is_answered() -> None:
    with gemini_server() as server:
        classifier = made(server.address, **PRICED)
        server.script(said("no JSON"), said("no JSON"))
        with pytest.raises(GarbledAnswer):
            await classifier.classify(TURNS)
        answer = await classifier.classify(TURNS)
    assert answer.usage is not None
    assert (answer.usage.requests, answer.usage.prompt_tokens) == (3, 3600)
    assert answer.usage.cost == pytest.approx(3 * 0.0018)
