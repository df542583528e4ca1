"""A shaky service and a limit per minute: every call ends with one right outcome, and the limit is kept and used.

A longer run, which also asks whether the limit is used up:
``CALLSIFT_TEST_PACE_CALLS=900 python -m pytest tests/agents/classify/test_pace.py -s``.
"""

import asyncio
import os
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from agents.classify.agent import ClassifyAgent, make_classifier
from agents.classify.settings import ClassifySettings
from schemas import CallClassified, CallTranscribed, DeadLetter, Speaker, Taxonomy
from streams.message import Headers, Message
from streams.processing.runner import StageRunner
from streams.settings import RunnerSettings
from streams.topics import CLASSIFIED, RETRIES, STAGES, TRANSCRIPTS, Topic
from tests.agents.classify.deciding import deciding
from tests.schemas.examples import call_transcribed, turn
from tests.servers.gemini import Reply, Request, answered, blocked, broken, failed, gemini_server, said

pytestmark = [pytest.mark.integration, pytest.mark.slow]  # make test-slow
CALLS = int(os.environ.get("CALLSIFT_TEST_PACE_CALLS", "100"))
PER_MINUTE = 600
BURST = 24
"""What a limit of 600 a minute lets pass at once, see TokenBucket."""
FAULTS = (
    failed(429, retry_delay="0.3s"),
    failed(429),
    failed(500),
    failed(503),
    answered(category="nonsense"),
    answered(confidence=99),
    said("not JSON"),
    said(""),
    said('{"category": "potential', "MAX_TOKENS"),
    blocked(),
    broken(),
    replace(answered(), delay_s=3),
    Reply(b"<html>502</html>", 502, content_type="text/html"),
)
LEAVES = [leaf for leaf in Taxonomy.load().leaves.values() if leaf.category != "uncertain"]


def call(number: int) -> CallTranscribed:
    said_leaf = LEAVES[number % len(LEAVES)].code
    spoken = call_transcribed(turn(Speaker.CUSTOMER, f"çağrı {number} {said_leaf}"))
    return spoken.model_copy(update={"call_id": f"call-{number}"})


class ShakyService:
    """Answers what the call itself names; three requests in ten get a fault."""

    def __init__(self) -> None:
        self._chance = random.Random(6)
        self.faults = 0

    def respond(self, request: Request) -> Reply:
        if self._chance.random() < 0.3:
            self.faults += 1
            return self._chance.choice(FAULTS)
        spoken = request.body["contents"][0]["parts"][0]["text"].splitlines()[1]
        leaf = Taxonomy.load().leaves[spoken.split()[-1]]
        return answered(category=leaf.category, sub_category=leaf.sub_category)


class Broker:
    """Collects results; what goes to a retry topic is due at once."""

    def __init__(self) -> None:
        self.results: list[CallClassified] = []
        self.due: asyncio.Queue[Message] = asyncio.Queue()
        self.retries = 0
        self.others: list[str] = []

    async def publish(self, topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        if topic is CLASSIFIED:
            self.results.append(CallClassified.model_validate_json(value or b""))
        elif topic in RETRIES:
            self.retries += 1
            self.due.put_nowait(Message(TRANSCRIPTS, 0, -self.retries, key, value, headers))
        else:
            letter = DeadLetter.model_validate_json(value or b"")
            self.others.append(f"{letter.error_type} after {letter.attempts} tries: {letter.message}")


def most_within(instants: list[float], window_s: float) -> int:
    return max(sum(start <= instant < start + window_s for instant in instants) for start in instants)


@pytest.mark.parametrize("client", ["gemini", "gemini-legacy"])
async def test_with_three_faults_in_ten_every_call_ends_right_and_the_limit_is_kept_and_used(client: Any) -> None:
    broker, service = Broker(), ShakyService()
    with gemini_server() as server:
        server.respond = service.respond
        settings = ClassifySettings(
            classifier=client,
            gemini_api_key=SecretStr("key"),
            gemini_endpoint=server.address,
            gemini_timeout_s=1.0,
            gemini_requests_per_minute=PER_MINUTE,
        )
        taxonomy = Taxonomy.load()
        agent = ClassifyAgent(deciding(make_classifier(settings, taxonomy), taxonomy), settings.confidence_floor)
        runner = StageRunner(STAGES["classify"], agent, broker.publish, RunnerSettings(window_size=32))
        for number in range(CALLS):
            event = call(number)
            value = event.model_dump_json().encode()
            broker.due.put_nowait(Message(TRANSCRIPTS, 0, number, event.call_id.encode(), value))
        emptied_after = 0

        async def worker() -> None:
            nonlocal emptied_after
            while len(broker.results) + len(broker.others) < CALLS:
                try:
                    message = broker.due.get_nowait()
                except asyncio.QueueEmpty:
                    emptied_after = emptied_after or len(server.received)
                    await asyncio.sleep(0.05)
                else:
                    await runner.take(message)

        async with asyncio.timeout(CALLS):
            await asyncio.gather(*(worker() for _ in range(32)))
    outcomes = {result.call_id: result.decision for result in broker.results}
    instants = [request.at_s for request in server.received]
    saturated = instants[BURST:emptied_after]  # the store is used up, and there is still something to ask
    per_minute = (len(saturated) - 1) / (saturated[-1] - saturated[0]) * 60
    print(  # the figures of docs/classification.md
        f"\n{client}: {CALLS} calls, {len(instants)} requests in {instants[-1] - instants[0]:.1f} s, "
        f"{service.faults / len(instants):.0%} faults; most in a minute {most_within(instants, 60)} of {PER_MINUTE}, "
        f"used {per_minute / PER_MINUTE:.0%}; through retry topics {broker.retries}, results {len(broker.results)}, "
        f"elsewhere {Counter(broker.others)}"
    )
    assert len(broker.results) == len(outcomes) == CALLS
    for number in range(CALLS):
        decision = outcomes[f"call-{number}"]
        assert (decision.category, decision.sub_category) == LEAVES[number % len(LEAVES)]
    assert most_within(instants, 60) <= PER_MINUTE
    assert most_within(instants, 10) <= BURST + PER_MINUTE / 6  # what a run of less than a minute can show
    assert broker.others == []
    if "CALLSIFT_TEST_PACE_CALLS" in os.environ:  # a machine that does other work, too, does not use the limit up
        assert per_minute >= 0.9 * PER_MINUTE
