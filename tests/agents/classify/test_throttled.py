"""A service that turns requests away (429): no call loses a try by it, none is lost, and the limiter alone waits."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from agents.classify.agent import ClassifyAgent, make_classifier
from agents.classify.settings import ClassifySettings
from schemas import CallClassified, Speaker, Taxonomy
from streams.message import Headers, Message
from streams.processing.runner import Patience, StageRunner
from streams.settings import RunnerSettings
from streams.topics import CLASSIFIED, STAGES, TRANSCRIPTS, Topic
from tests.agents.classify.deciding import deciding
from tests.patience import PATIENCE_S
from tests.schemas.examples import call_transcribed, turn
from tests.servers.gemini import GeminiServer, Reply, Request, answered, failed, gemini_server, said

pytestmark = pytest.mark.integration
TURNED_AWAY = failed(429, retry_delay="0.01s")


class Stage:
    """A classify stage that is given calls; a try that fails is followed by the next one at once."""

    def __init__(self, server: GeminiServer, client: str, **changes: Any) -> None:
        self.results: dict[str, CallClassified] = {}
        self.elsewhere: list[str] = []
        self.pauses: list[str | None] = []
        values: dict[str, Any] = {
            "classifier": client,
            "gemini_api_key": SecretStr("key"),
            "gemini_endpoint": server.address,
        }
        settings, taxonomy = ClassifySettings(**values | changes), Taxonomy.load()
        agent = ClassifyAgent(deciding(make_classifier(settings, taxonomy), taxonomy), settings.confidence_floor)
        patience = Patience(backoff_s=0.0, probe_s=0.01, longest_probe_s=0.05)
        self._runner = StageRunner(
            STAGES["classify"], agent, self._publish, RunnerSettings(), on_pause=self.pauses.append, patience=patience
        )

    async def take(self, *names: str) -> None:
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            for number, name in enumerate(names):
                said = call_transcribed(turn(Speaker.CUSTOMER, f"kombim bozuldu {name}"))
                value = said.model_copy(update={"call_id": name}).model_dump_json().encode()
                group.create_task(self._runner.take(Message(TRANSCRIPTS, 0, number, name.encode(), value)))

    async def _publish(self, topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        if topic is CLASSIFIED:
            result = CallClassified.model_validate_json(value or b"")
            self.results[result.call_id] = result
        else:
            self.elsewhere.append(topic.name)

    def tries(self) -> dict[str, int]:
        return {call_id: result.hops[-1].attempts for call_id, result in self.results.items()}


@pytest.mark.parametrize("client", ["gemini", "gemini-legacy"])
async def test_a_call_that_is_turned_away_seventy_times_while_others_get_through_has_lost_no_try(client: str) -> None:
    with gemini_server() as server:
        turned_away = 0

        def respond(request: Request) -> Reply:
            nonlocal turned_away
            if "unlucky" in str(request.body["contents"]) and turned_away < 70:
                turned_away += 1
                return TURNED_AWAY
            return answered()

        server.respond = respond
        stage = Stage(server, client)
        await stage.take("unlucky", *(f"call-{number}" for number in range(20)))
    assert turned_away == 70
    assert stage.elsewhere == []
    assert stage.tries() == {"unlucky": 1} | {f"call-{number}": 1 for number in range(20)}


async def test_a_service_that_turns_everybody_away_pauses_the_stage_and_costs_no_try() -> None:
    with gemini_server() as server:
        server.script(*[TURNED_AWAY] * 30)
        stage = Stage(server, "gemini")
        await stage.take(*(f"call-{number}" for number in range(8)))
        assert len(server.received) == 30 + 8
    assert stage.tries() == {f"call-{number}": 1 for number in range(8)}
    assert stage.elsewhere == []
    assert (stage.pauses[0], stage.pauses[-1]) == ("the hosted model", None)


async def test_a_service_that_turns_everybody_away_is_stood_in_for_after_five_rounds() -> None:
    with gemini_server() as server:
        server.script(*[TURNED_AWAY] * 1000)
        stage = Stage(server, "gemini", when_away="offline", gemini_concurrency=1)
        await stage.take("first")
        await stage.take("second")
        assert len(server.received) == 5
    assert [result.provisional for result in stage.results.values()] == [True, True]
    assert stage.tries() == {"first": 1, "second": 1}
    assert stage.pauses == []


async def test_a_call_that_was_turned_away_for_long_has_all_its_tries_left_for_garbled_answers() -> None:
    with gemini_server() as server:
        garbled = [said("no JSON")] * 2  # the answer and its repair: one try
        server.script(*[TURNED_AWAY] * 12, *garbled, *garbled)
        stage = Stage(server, "gemini", gemini_concurrency=1)
        await stage.take("call")
        assert len(server.received) == 12 + 4 + 1
    assert stage.elsewhere == []
    assert stage.tries() == {"call": 3}
