"""Both Gemini clients against a local server: a good answer is read, everything else ends as an error of ours."""

import json
import traceback
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from agents.classify.agent import make_classifier
from agents.classify.answer import GarbledAnswer, ModelAway, ModelBusy, RequestRefused
from agents.classify.classifier import Classifier
from agents.classify.core import Answer
from agents.classify.settings import ClassifierName, ClassifySettings
from callsift.embedded import free_port
from schemas import Leaf, Speaker, Taxonomy
from streams.errors import CallsiftError, TransientError
from tests.schemas.examples import turn
from tests.servers.gemini import (
    PLAUSIBLE,
    GeminiServer,
    Reply,
    answered,
    blocked,
    failed,
    gemini_server,
    said,
    silent,
    without_candidates,
)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize("client", ["gemini", "gemini-legacy"]),
]
KEY = "AIzaSyNotAKeyButLooksLikeOne"
TURNS = (turn(Speaker.AGENT, "servis hattı buyurun"), turn(Speaker.CUSTOMER, "kombim mahremiyet akıtıyor", 2.0))
SAID = "mahremiyet"


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    with gemini_server() as running:
        yield running


def classifier(client: ClassifierName, endpoint: str, timeout_s: float = 10.0) -> Classifier:
    settings = ClassifySettings(
        classifier=client,
        gemini_api_key=SecretStr(KEY),
        gemini_endpoint=endpoint,
        gemini_timeout_s=timeout_s,
        gemini_model="gemini-test-model",
    )
    return make_classifier(settings, Taxonomy.load())


async def failure(client: ClassifierName, endpoint: str, timeout_s: float = 10.0) -> CallsiftError:
    with pytest.raises(CallsiftError) as caught:
        await classifier(client, endpoint, timeout_s).classify(TURNS)
    shown = str(caught.value) + "".join(traceback.format_exception(caught.value)[-1:])
    assert KEY not in shown
    assert SAID not in shown
    assert "<transcript>" not in shown
    return caught.value


async def test_a_good_answer_is_read(client: ClassifierName, server: GeminiServer) -> None:
    server.script(answered(category="unnecessary_call", sub_category="complaint", evidence=[1], confidence=0.75))
    assert await classifier(client, server.address).classify(TURNS) == Answer(
        leaf=Leaf("unnecessary_call", "complaint"),
        confidence=0.75,
        justification=str(PLAUSIBLE["justification"]),
        evidence=(1,),
        summary=str(PLAUSIBLE["summary"]),
    )


async def test_the_request_says_everything_that_is_asked(client: ClassifierName, server: GeminiServer) -> None:
    await classifier(client, server.address).classify(TURNS)
    (request,) = server.received
    assert request.model == "gemini-test-model"
    assert KEY in request.headers.values()
    instruction = request.body["systemInstruction"]["parts"][0]["text"]
    assert "service_fee_rejected" in instruction
    assert SAID not in instruction
    (content,) = request.body["contents"]
    assert content["parts"][0]["text"].splitlines() == [
        "<transcript>",
        "0 agent: servis hattı buyurun",
        "1 customer: kombim mahremiyet akıtıyor",
        "</transcript>",
    ]


async def test_the_request_asks_for_json_that_fits_the_taxonomy(client: ClassifierName, server: GeminiServer) -> None:
    await classifier(client, server.address).classify(TURNS)
    config = server.received[0].body["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    assert config.keys().isdisjoint({"temperature", "topP", "topK"})  # deprecated from Gemini 3.6 on
    schema = config["responseSchema"]
    taxonomy = Taxonomy.load()
    assert schema["properties"]["category"]["enum"] == [category.code for category in taxonomy.categories]
    assert len(schema["properties"]["sub_category"]["enum"]) == 10
    assert schema["properties"]["sub_category"]["nullable"] is True
    assert set(schema["required"]) == set(PLAUSIBLE)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestRefused),
        (404, ModelAway),
        (403, ModelAway),
        (408, ModelBusy),
        (429, ModelBusy),
        (500, ModelBusy),
        (502, ModelBusy),
        (503, ModelBusy),
        (504, ModelBusy),
    ],
)
async def test_a_status_is_an_error_of_the_right_kind_after_one_request(
    client: ClassifierName, server: GeminiServer, status: int, kind: type[CallsiftError]
) -> None:
    server.script(failed(status, f"cannot process <transcript> {SAID} for key {KEY}"))
    error = await failure(client, server.address)
    assert type(error) is kind
    assert str(status) in error.message
    assert len(server.received) == 1


async def test_a_key_that_is_not_accepted_is_an_error_after_at_most_three_requests(
    client: ClassifierName, server: GeminiServer
) -> None:
    server.script(*[failed(401)] * 10)  # google-generativeai refreshes credentials on 401, also where there are none
    error = await failure(client, server.address)
    assert type(error) is ModelAway
    assert "CALLSIFT_GEMINI_API_KEY" in error.cure
    assert len(server.received) <= 3


async def test_a_wrong_key_as_gemini_reports_it_makes_no_dead_letters(
    client: ClassifierName, server: GeminiServer
) -> None:
    server.script(failed(400, "API key not valid. Please pass a valid API key.", "API_KEY_INVALID"))
    error = await failure(client, server.address)
    assert isinstance(error, TransientError)
    assert "CALLSIFT_GEMINI_API_KEY" in error.cure


GARBLED = {
    "prose": said("Bu bir şikayet çağrısı: mahremiyet"),
    "nothing": said(""),
    "another shape": said('["mahremiyet"]'),
    "no such leaf": answered(category="unnecessary_call", sub_category="mahremiyet"),
    "no sub-category": answered(category="unnecessary_call"),
    "no such turn": answered(evidence=[2]),
    "empty candidates": without_candidates(),
    "blocked prompt": blocked(),
    "silent for safety": silent("SAFETY"),
    "silent for recitation": silent("RECITATION"),
    "partial, safety": said(json.dumps(PLAUSIBLE)[:40], "SAFETY"),
    "partial, too long": said(json.dumps(PLAUSIBLE)[:40], "MAX_TOKENS"),
    "an unknown reason": silent("SOMETHING_OF_NEXT_YEAR"),
    "no JSON": Reply(b"<html>mahremiyet</html>"),
    "half a JSON": Reply(b'{"candidates": [{"content"'),
    "a JSON list": Reply(b"[]"),
    "another JSON": Reply(b'{"hello": {"world": 1}}'),
    "empty body": Reply(b""),
    "not UTF-8": Reply(b"\xff\xfe\xfa"),
}


@pytest.mark.parametrize("reply", GARBLED.values(), ids=GARBLED.keys())
async def test_an_answer_that_is_not_as_asked_is_garbled(
    client: ClassifierName, server: GeminiServer, reply: Reply
) -> None:
    server.script(reply)
    assert type(await failure(client, server.address)) is GarbledAnswer


FOREIGN = {
    "a proxy's page": Reply(b"<html>502</html>", content_type="text/html"),
    "nothing": Reply(b"", content_type="text/plain"),
    "JSON of another shape": Reply(b'{"detail": "mahremiyet"}'),
}


@pytest.mark.parametrize("status", [400, 429, 502])
@pytest.mark.parametrize("reply", FOREIGN.values(), ids=FOREIGN.keys())
async def test_an_error_that_is_not_geminis_own_counts_by_its_status(
    client: ClassifierName, server: GeminiServer, status: int, reply: Reply
) -> None:
    server.script(replace(reply, status=status))
    assert type(await failure(client, server.address)) is (RequestRefused if status == 400 else ModelBusy)


async def test_a_service_that_takes_too_long_is_busy(client: ClassifierName, server: GeminiServer) -> None:
    server.script(Reply(answered().body, delay_s=30))
    assert type(await failure(client, server.address, timeout_s=0.5)) is ModelBusy
    assert len(server.received) == 1


async def test_a_service_that_refuses_connections_is_away(client: ClassifierName) -> None:
    error = await failure(client, f"http://127.0.0.1:{free_port()}")
    assert type(error) is ModelAway
    assert "no answer from the model's service" in error.message


async def test_the_version_of_the_prompt_and_the_models_name_are_known(
    client: ClassifierName, server: GeminiServer
) -> None:
    source = classifier(client, server.address).source
    assert (source.classifier, source.model) == (client, "gemini-test-model")
    assert source.prompt
