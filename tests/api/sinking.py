"""A sink beside the API under test: the real agent, fed with what the API has put on the broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from agents.sink.agent import SinkAgent
from api.services import Services
from schemas import CallAnnotated
from store.calls import OutcomeStore
from streams.kafka import TopicReader
from streams.privacy import CallerPrivacy
from streams.settings import KafkaSettings, PrivacySettings
from streams.topics import ANNOTATIONS


def said_of(kafka: KafkaSettings, call_id: str) -> list[CallAnnotated]:
    """Return what calls.annotations has of a call; other tests put other things there."""
    with closing(TopicReader(kafka, ANNOTATIONS.name, from_start=True)) as reader:
        found = [CallAnnotated.model_validate_json(value) for value in reader.up_to_now()]
    return [one for one in found if one.call_id == call_id]


async def sink(services: Services, call_id: str) -> None:
    """Have the sink take all that was said of a call so far."""
    agent = SinkAgent(OutcomeStore(services.database), CallerPrivacy(PrivacySettings()))
    for annotation in await asyncio.to_thread(said_of, services.kafka, call_id):
        await agent.work(annotation)


@asynccontextmanager
async def sinking(services: Services, call_id: str) -> AsyncIterator[None]:
    """Have the sink take what is said of a call as it comes."""

    async def forever() -> None:
        while True:
            await sink(services, call_id)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(forever())
    try:
        yield
    finally:
        task.cancel()


@asynccontextmanager
async def sinking_all(services: Services) -> AsyncIterator[None]:
    """Have the sink take what is said of every call that is stored here, as it comes; other tests say other things."""
    store, taken = OutcomeStore(services.database), set[str]()
    agent = SinkAgent(store, CallerPrivacy(PrivacySettings()))

    def said() -> list[CallAnnotated]:
        with closing(TopicReader(services.kafka, ANNOTATIONS.name, from_start=True)) as reader:
            return [CallAnnotated.model_validate_json(value) for value in reader.up_to_now()]

    async def forever() -> None:
        while True:
            for one in await asyncio.to_thread(said):
                if one.event_id not in taken and await store.find(one.call_id) is not None:
                    await agent.work(one)
                taken.add(one.event_id)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(forever())
    try:
        yield
    finally:
        task.cancel()
