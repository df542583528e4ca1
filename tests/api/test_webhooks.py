"""What PBXs send in a form of their own: who may, what comes of it, and what is refused."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from prometheus_client import REGISTRY
from twilio.request_validator import RequestValidator

from api.access import Role
from api.app import make_app
from api.services import Services
from sources.settings import SourcesFile, SourcesSettings, Webhook, read_sources
from sources.webhooks import make_sources
from streams.errors import SettingsError
from tests.api.access.test_keys import made
from tests.api.test_submit import of
from tests.sources.test_presets import PAYLOADS, REPORT, RTPENGINE, TWILIO

pytestmark = pytest.mark.integration
TOKEN = "an auth token"
PUBLIC = "https://calls.example.com/behind"
SOURCES: dict[str, Any] = {
    "phone": {"preset": "twilio"},
    "yeastar": {"preset": "yeastar", "time_zone": "Europe/Istanbul", "recordings": "s3://pbx"},
    "mixer": {"preset": "rtpengine", "recordings": "file:///mnt"},
    "threecx": {"preset": "3cx-reportcall"},
}

WRONG = {"X-Twilio-Signature": "d3Jvbmc="}


@pytest.fixture
async def pbx(services: Services, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Ask from another machine, through a proxy: only keys and signatures count."""
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")
    sources = SOURCES | {"phone": SOURCES["phone"] | {"secret_file": secret}}
    services.webhooks = make_sources(SourcesFile.model_validate({"webhooks": sources, "public_url": PUBLIC}))
    async with services.running():
        transport = httpx.ASGITransport(make_app(services), client=("192.0.2.7", 1), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://inside:8080") as asking:
            yield asking


def signed(fields: dict[str, str], address: str) -> dict[str, str]:
    return {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(f"{PUBLIC}{address}", fields)}


def counted(source: str, result: str) -> float:
    return REGISTRY.get_sample_value("callsift_source_events_total", {"source": source, "result": result}) or 0.0


async def test_a_signed_call_is_taken_at_the_public_address(pbx: httpx.AsyncClient, services: Services) -> None:
    fields, address = TWILIO | {"CallSid": "CA-signed"}, "/v1/webhooks/phone?direction=inbound&agent=elif"
    answer = await pbx.post(address, data=fields, headers=signed(fields, address))
    assert (answer.status_code, answer.headers["location"]) == (202, "/v1/calls/CA-signed"), answer.text
    [event] = of(services.kafka, "CA-signed")
    assert (event.agent_id, event.direction) == ("elif", "inbound")


async def test_a_signed_call_by_get_is_taken(pbx: httpx.AsyncClient, services: Services) -> None:
    address = "/v1/webhooks/phone?" + urlencode(TWILIO | {"CallSid": "CA-got"})
    answer = await pbx.get(address, headers=signed({}, address))
    assert answer.status_code == 202, answer.text
    assert len(of(services.kafka, "CA-got")) == 1


@pytest.mark.parametrize("headers", [{}, WRONG, {"Authorization": "Bearer cs_live_x"}], ids=["none", "wrong", "a key"])
async def test_what_a_source_has_not_signed_is_refused_and_counted(
    pbx: httpx.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    before = counted("phone", "unsigned")
    answer = await pbx.post("/v1/webhooks/phone", data=TWILIO | {"CallSid": "CA-unsigned"}, headers=headers)
    assert answer.status_code == 401
    assert "public_url" in answer.json()["cure"]
    assert TOKEN not in answer.text
    assert of(services.kafka, "CA-unsigned") == []
    assert counted("phone", "unsigned") == before + 1


async def test_a_signature_of_another_request_is_refused(pbx: httpx.AsyncClient) -> None:
    address = "/v1/webhooks/phone"
    headers = signed(TWILIO, address)
    assert (await pbx.post(address, data=TWILIO | {"RecordingDuration": "1"}, headers=headers)).status_code == 401
    assert (await pbx.post(f"{address}?agent=other", data=TWILIO, headers=headers)).status_code == 401
    assert (await pbx.post(address, data=TWILIO, headers=headers)).status_code == 202


async def test_whoever_guesses_signatures_is_slowed_down(pbx: httpx.AsyncClient, services: Services) -> None:
    most = services.settings.refusals_per_minute
    found = [(await pbx.post("/v1/webhooks/phone", data=TWILIO, headers=WRONG)).status_code for _ in range(most + 1)]
    assert (found[0], found[-1]) == (401, 429)


async def test_a_source_that_does_not_sign_brings_a_key_in_the_way_it_can(
    pbx: httpx.AsyncClient, services: Services
) -> None:
    _, key = await made(services, Role.INGEST)
    address, body = "/v1/webhooks/yeastar", (PAYLOADS / "yeastar-answered.json").read_bytes()
    basic = "Basic " + base64.b64encode(f"pbx:{key}".encode()).decode()
    json = {"Content-Type": "application/json"}
    for where, headers in (
        (address, {"Authorization": f"Bearer {key}"}),
        (address, {"Authorization": basic}),
        (f"{address}?key={key}", {}),
    ):
        answer = await pbx.post(where, content=body, headers=json | headers)
        assert answer.status_code == 202, answer.text
    first, second, third = of(services.kafka, "1755568612.24")
    assert first == second == third
    assert key not in first.model_dump_json()


@pytest.mark.parametrize(
    ("query", "authorization"),
    [("", None), ("?key=", None), ("?key=cs_live_x", None), ("", "Basic eDo="), ("", "Basic §"), ("", "Basic eDp4")],
)
async def test_without_a_key_nothing_is_taken(pbx: httpx.AsyncClient, query: str, authorization: str | None) -> None:
    headers = {} if authorization is None else {b"authorization": authorization.encode("latin-1")}
    answer = await pbx.post(f"/v1/webhooks/yeastar{query}", json={}, headers=headers)
    assert answer.status_code == 401


async def test_a_key_that_may_not_hand_calls_in_is_refused(pbx: httpx.AsyncClient, services: Services) -> None:
    _, key = await made(services, Role.VIEWER)
    assert (await pbx.post(f"/v1/webhooks/yeastar?key={key}", json={})).status_code == 403


async def test_rtpengine_says_all_in_headers_of_an_empty_post(pbx: httpx.AsyncClient, services: Services) -> None:
    _, key = await made(services, Role.INGEST)
    for ask in (pbx.post, pbx.get):
        answer = await ask(f"/v1/webhooks/mixer?key={key}", headers=RTPENGINE)
        assert answer.status_code == 202, answer.text
    assert {event.call_id for event in of(services.kafka, RTPENGINE["x-recording-call-id"])} == {
        RTPENGINE["x-recording-call-id"]
    }


async def test_a_call_that_nobody_answered_is_taken_without_a_recording(
    pbx: httpx.AsyncClient, services: Services
) -> None:
    _, key = await made(services, Role.INGEST)
    answer = await pbx.post(f"/v1/webhooks/threecx?key={key}", data=REPORT)
    assert answer.status_code == 202, answer.text
    [event] = of(services.kafka, answer.json()["call_id"])
    assert (event.recording, event.disposition) == (None, "missed")


async def test_what_is_no_call_that_is_over_is_answered_and_ignored(pbx: httpx.AsyncClient) -> None:
    before = counted("phone", "ignored")
    fields = TWILIO | {"RecordingStatus": "in-progress"}
    answer = await pbx.post("/v1/webhooks/phone", data=fields, headers=signed(fields, "/v1/webhooks/phone"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert counted("phone", "ignored") == before + 1


@pytest.mark.parametrize(
    ("content", "kind", "status", "result"),
    [
        (b"{", "application/json", 400, "unreadable"),
        (b"\xff", "application/x-www-form-urlencoded", 400, "unreadable"),
        (b"<cdr/>", "text/xml", 400, "unreadable"),
        (b"[" * 100_000, "application/json", 400, "unreadable"),
        (b"a=1&" * 2000, "application/x-www-form-urlencoded", 400, "unreadable"),
        (b'{"event": "NewCdr"}', "application/json", 422, "invalid"),
        (
            b'{"event": "NewCdr", "callid": "1", "timestart": "soon, said Ay\xc5\x9fe"}',
            "application/json",
            422,
            "invalid",
        ),
        (b" " * (1024 * 1024 + 1), "application/json", 413, None),
    ],
)
async def test_what_cannot_be_taken_is_refused_and_counted(
    pbx: httpx.AsyncClient, services: Services, content: bytes, kind: str, status: int, result: str | None
) -> None:
    _, key = await made(services, Role.INGEST)
    before = counted("yeastar", result) if result else 0.0
    answer = await pbx.post(f"/v1/webhooks/yeastar?key={key}", content=content, headers={"Content-Type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert "Ayşe" not in answer.text
    assert result is None or counted("yeastar", result) == before + 1


async def test_a_source_that_there_is_not_is_not_found(pbx: httpx.AsyncClient, services: Services) -> None:
    _, key = await made(services, Role.INGEST)
    assert (await pbx.post(f"/v1/webhooks/none?key={key}", json={})).status_code == 404


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("webhooks: {a: {preset: none}}", "Presets are"),
        ("webhooks: {a: {mapping: /nowhere.yaml}}", "No such file"),
        ("webhooks: {a: {preset: twilio, secret_file: SECRET}}", "Set public_url"),
        ("{public_url: 'https://x.example', webhooks: {a: {preset: yeastar, secret_file: SECRET}}}", "no signature"),
        ("webhooks: {a: {preset: twilio, secret_file: /nowhere}}", "no secret in /nowhere"),
        ("webhooks: {A B: {preset: twilio}}", "webhooks.A B"),
        ("webhooks: {a: {}}", "name a preset"),
        ("webhooks: {a: {preset: yeastar, time_zone: Mars/Base}}", "time zone"),
        ("public_url: calls.example.com", "public_url"),
        ("folder: x", "folder"),
        ("[", "cannot be read as YAML"),
    ],
)
def test_a_file_of_sources_that_cannot_work_stops_the_start(tmp_path: Path, file: str, said: str) -> None:
    (tmp_path / "secret").write_text("very secret")
    (tmp_path / "sources.yaml").write_text(file.replace("SECRET", str(tmp_path / "secret")))
    with pytest.raises(SettingsError) as error:
        make_sources(read_sources(SourcesSettings(file=tmp_path / "sources.yaml")))
    assert said in str(error.value)
    assert "very secret" not in str(error.value)


def test_without_a_file_there_are_no_sources() -> None:
    assert make_sources(read_sources(SourcesSettings())) == {}


def test_a_mapping_of_ones_own_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "about: ours\ncall: {call_id: body.id, ended_at: body.at, recording: '`null`', disposition: body.how}\n"
    )
    sources = make_sources(SourcesFile(webhooks={"own": Webhook(mapping=path)}))
    assert sources["own"].mapping.file.about == "ours"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("{call_id: body.id}", "ended_at"),
        ("{call_id: body.id, ended_at: body.at, recording: {uri: body.}}", "call.recording.uri is no JMESPath"),
        ("{call_id: body.id, ended_at: now(), recording: body.r}", "no function now"),
        ("{call_id: 7, ended_at: body.at, recording: body.r}", "call.call_id: expected an expression"),
        ("{call_id: body.id, ended_at: body.at, recording: body.r, mood: body.m}", "a call has no mood"),
        ("[", "is no mapping"),
    ],
)
def test_a_mapping_that_cannot_work_stops_the_start_and_names_the_field(tmp_path: Path, call: str, said: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"about: ours\ncall: {call}\n")
    with pytest.raises(SettingsError, match=said):
        make_sources(SourcesFile(webhooks={"own": Webhook(mapping=path)}))
