"""What a try has bought is not bought again by the next one of the same call."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from agents.classify.agent import make_classifier
from agents.classify.classifier import Classifier
from agents.classify.hosted import GarbledAnswer, HostedClassifier
from agents.classify.settings import ClassifySettings, Price
from schemas import Leaf, Speaker, Taxonomy
from streams.errors import TransientError
from tests.schemas.examples import turn
from tests.servers.gemini import Reply, answered, blocked, failed, gemini_server, said

pytestmark = pytest.mark.integration
TURNS = (turn(Speaker.CUSTOMER, "geçen hafta yapıldı yine bozuldu çok şikayetçiyim"),)
OTHERS = (turn(Speaker.CUSTOMER, "kombim su akıtıyor"),)
COMPLAINT = answered(category="unnecessary_call", sub_category="complaint")
GARBLED_EXTRAS = answered(category="unnecessary_call", sub_category="complaint", sentiment={"start": "purple"})
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


async def test_a_call_that_is_answered_is_asked_about_again_when_it_comes_again() -> None:
    with gemini_server() as server:
        classifier = three_samples(server.address)
        server.script(failed(503))
        with pytest.raises(TransientError):
            await classifier.classify(TURNS)
        await classifier.classify(TURNS)
        await classifier.classify(TURNS)
        assert len(server.received) == 3 + 1 + 3


@pytest.mark.parametrize(
    "repair",
    [[failed(503)], [failed(429, retry_delay="0.01s")] * 5, [said("no JSON")], [blocked()], [failed(400)]],
    ids=["busy", "throttled", "garbled", "blocked", "refused"],
)
async def test_an_answer_whose_extras_are_garbled_counts_although_its_repair_fails(repair: list[Reply]) -> None:
    with gemini_server() as server:
        server.script(GARBLED_EXTRAS, *repair)
        answer = await made(server.address).classify(TURNS)
        assert len(server.received) == 1 + len(repair)
    assert (answer.leaf, answer.sentiment) == (Leaf("unnecessary_call", "complaint"), None)


async def test_an_answer_whose_extras_are_garbled_counts_although_the_budget_ends_before_its_repair() -> None:
    with gemini_server() as server:
        unlimited = made(server.address, **PRICED)
        assert isinstance(unlimited, HostedClassifier)
        one_request = unlimited.estimated(TURNS, None).cost
        server.script(GARBLED_EXTRAS)
        answer = await made(server.address, **PRICED, daily_budget=one_request).classify(TURNS)
        assert len(server.received) == 1
    assert answer.leaf == Leaf("unnecessary_call", "complaint")


@pytest.mark.parametrize("first", [[COMPLAINT, COMPLAINT], [COMPLAINT, GARBLED_EXTRAS]], ids=["asked", "repaired"])
async def test_a_call_that_is_cancelled_keeps_what_was_answered(first: list[Reply]) -> None:
    with gemini_server() as server:
        classifier = three_samples(server.address)
        server.script(*first, Reply(b"", delay_s=60))
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
