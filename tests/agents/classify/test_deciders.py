"""The classify stage with several taxonomies: each call has the prompt, the model and the versions of its own."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from agents.classify.agent import ClassifyAgent, make_deciders
from agents.classify.hosted.errors import BudgetSpent
from agents.classify.settings import ClassifySettings, Price
from schemas import CallTranscribed, Speaker, Taxonomies
from streams.errors import CallsiftError
from tests.brands import brands
from tests.schemas.examples import call_transcribed, turn
from tests.servers.gemini import answered, gemini_server


def of_queue(queue: str, *said: str) -> CallTranscribed:
    turns = [turn(Speaker.CUSTOMER, text) for text in said] or [turn(Speaker.AGENT, "alo")]
    return call_transcribed(*turns).model_copy(update={"queue": queue})


async def test_each_call_is_decided_offline_by_the_model_of_its_own_taxonomy(tmp_path: Path) -> None:
    agent = ClassifyAgent(make_deciders(ClassifySettings(classifier="offline"), Taxonomies.load(brands(tmp_path))), 0.0)
    tooth = await agent.work(of_queue("dental", "my tooth broke and it hurts can i come today"))
    machine = await agent.work(of_queue("repairs", "çamaşır makinem su akıtıyor", "tamam yarın gelsin"))
    empty = await agent.work(of_queue("orthodontics"))
    assert (tooth.versions.taxonomy, tooth.decision.category) == ("clinic-1", "appointment")
    assert (machine.versions.taxonomy, machine.decision.category) == ("1.1", "potential_customer")
    assert (empty.versions.taxonomy, empty.decision.category) == ("clinic-1", "empty_call")
    assert tooth.versions.model != machine.versions.model


@pytest.mark.integration
async def test_a_hosted_model_is_told_the_taxonomy_of_the_call_and_all_spend_one_budget(tmp_path: Path) -> None:
    with gemini_server() as server:  # an answer takes 60 tokens, and 400 are set aside for it
        server.answer = lambda: answered(category="uncertain", sub_category=None)
        settings = ClassifySettings(
            classifier="gemini",
            gemini_api_key=SecretStr("none"),
            gemini_endpoint=server.address,
            gemini_model="m",
            prices={"m": Price(prompt=0, answer=1e6)},
            daily_budget=60 + 60 + 399,
        )
        agent = ClassifyAgent(make_deciders(settings, Taxonomies.load(brands(tmp_path))), 0.0)
        tooth = await agent.work(of_queue("dental", "hello"))
        machine = await agent.work(of_queue("repairs", "hello"))
        with pytest.raises(BudgetSpent):
            await agent.work(of_queue("repairs", "hello again"))
        told = [json.dumps(request.body) for request in server.received]
    assert ["dental clinic" in text for text in told] == [True, False]
    assert (tooth.versions.taxonomy, machine.versions.taxonomy) == ("clinic-1", "1.1")
    assert tooth.versions.prompt != machine.versions.prompt


async def test_one_taxonomy_without_a_model_stops_the_start_of_an_offline_worker(tmp_path: Path) -> None:
    folder = brands(tmp_path)
    (folder / "clinic" / "model.npz").unlink()
    with pytest.raises(CallsiftError, match="there is no offline model for taxonomy clinic-1") as refused:
        make_deciders(ClassifySettings(classifier="offline"), Taxonomies.load(folder))
    assert "callsift train" in refused.value.cure
