"""The mappings that are shipped, on what the PBXs really send."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import CallEnded, OneFile
from sources.mapping import PRESETS, Sent, load_mapping, preset
from sources.mapping.sent import FORM
from sources.observation import Observation, Refused, call_ended
from streams.errors import SettingsError

PAYLOADS = Path(__file__).with_name("payloads")
ISTANBUL = ZoneInfo("Europe/Istanbul")
TWILIO = {
    "AccountSid": "AC00000000000000000000000000000001",
    "CallSid": "CA00000000000000000000000000000002",
    "RecordingSid": "RE00000000000000000000000000000003",
    "RecordingUrl": "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE3",
    "RecordingStatus": "completed",
    "RecordingDuration": "41",
    "RecordingChannels": "2",
    "RecordingStartTime": "Sat, 28 Nov 2026 07:00:00 +0000",
    "RecordingSource": "DialVerb",
    "RecordingTrack": "both",
    "ErrorCode": "0",
}
RTPENGINE = {
    "x-recording-call-id": "1-2345@198.51.100.7",
    "x-recording-file-name": "1-2345%40198.51.100.7-mix",
    "x-recording-full-file-name": "/var/spool/rtpengine/1-2345-mix.wav",
    "x-recording-file-format": "wav",
    "x-recording-kind": "mixed",
    "x-recording-call-start-time": "1795845600.120000",
    "x-recording-stream-start-time": "1795845601.000000",
    "x-recording-call-end-time": "1795845661.500000",
    "x-recording-call-metadata": "direction:inbound|caller:+905550000012|agent:elif",
}
REPORT = {
    "CallType": "Missed",
    "Number": "+905550000012",
    "CallDirection": "Inbound",
    "Agent": "101",
    "AgentEmail": "elif@example.com",
    "Duration": "00:00:23",
    "DateTime": "28/11/2026 10:00:00",
    "CallStartTimeUTC": "2026-11-28T07:00:00",
    "CallEstablishedTimeUTC": "",
    "CallEndTimeUTC": "2026-11-28T07:00:23",
    "EntityId": "crm-7",
}


def mapped(name: str, sent: Sent, zone: ZoneInfo | None = None, recordings: str | None = None) -> CallEnded | None:
    content = preset(name).content(sent, zone, recordings)
    return None if content is None else call_ended(Observation(name, content))


def taken(name: str, sent: Sent, zone: ZoneInfo | None = None, recordings: str | None = None) -> CallEnded:
    call = mapped(name, sent, zone, recordings)
    assert call is not None
    return call


def as_form(fields: dict[str, str], query: str = "") -> Sent:
    return Sent.read(urlencode(fields).encode(), FORM, query, {})


def as_json(content: Any, query: str = "") -> Sent:
    return Sent.read(json.dumps(content).encode(), "application/json; charset=utf-8", query, {})


def payload(name: str) -> Sent:
    return Sent.read((PAYLOADS / f"{name}.json").read_bytes(), "application/json", "", {})


def recording(call: CallEnded) -> dict[str, Any]:
    assert isinstance(call.recording, OneFile)
    return call.recording.model_dump(mode="json", exclude_none=True)


def test_every_preset_is_tried() -> None:
    assert set(PRESETS) == {"twilio", "yeastar", "freeswitch", "rtpengine", "3cx-reportcall", "3cx-recordings"}
    # the last one in tests/sources/poller, with a PBX that is asked


def test_twilio_tells_of_a_recording_of_two_channels() -> None:
    call = taken("twilio", as_form(TWILIO, "direction=inbound&agent=elif&queue=sales&caller=%2B905550000012"))
    assert call.call_id == TWILIO["CallSid"]
    assert call.started_at == datetime(2026, 11, 28, 7, 0, tzinfo=UTC)
    assert call.ended_at == datetime(2026, 11, 28, 7, 0, 41, tzinfo=UTC)
    assert (call.direction, call.agent_id, call.queue, call.caller) == ("inbound", "elif", "sales", "+905550000012")
    assert recording(call) == {
        "uri": f"{TWILIO['RecordingUrl']}.wav?RequestedChannels=2",
        "channels": {"customer": 0, "agent": 1},
    }
    assert call.metadata["twilio_recording"] == TWILIO["RecordingSid"]


def test_twilio_calls_the_agent_first_in_click_to_call() -> None:
    call = taken("twilio", as_form(TWILIO, "direction=outbound"))
    assert recording(call)["channels"] == {"customer": 1, "agent": 0}


def test_twilio_records_a_mix_where_it_is_told_to() -> None:
    call = taken("twilio", as_form(TWILIO | {"RecordingChannels": "1"}))
    assert recording(call) == {"uri": f"{TWILIO['RecordingUrl']}.wav"}


def test_twilio_may_call_back_by_get() -> None:
    assert taken("twilio", Sent.read(b"", "", urlencode(TWILIO), {})) == taken("twilio", as_form(TWILIO))


def test_a_recording_that_begins_is_no_call_that_is_over() -> None:
    assert mapped("twilio", as_form(TWILIO | {"RecordingStatus": "in-progress"})) is None
    assert mapped("twilio", as_form({"CallSid": "CA1", "CallStatus": "ringing"})) is None


@pytest.mark.parametrize("status", ["absent", "failed"])
def test_a_recording_that_twilio_does_not_have_makes_a_call_without_one(status: str) -> None:
    call = taken("twilio", as_form(TWILIO | {"RecordingStatus": status, "ErrorCode": "16102"}))
    assert (call.recording, call.disposition, call.metadata["twilio_error"]) == (None, "answered", "16102")


def test_a_callback_that_comes_twice_makes_the_same_event() -> None:
    assert taken("twilio", as_form(TWILIO)) == taken("twilio", as_form(TWILIO))


def test_yeastar_tells_of_an_answered_call_in_its_local_time() -> None:
    call = taken("yeastar", payload("yeastar-answered"), ISTANBUL, "s3://pbx/recordings")
    assert call.call_id == "1755568612.24"
    assert call.ended_at == datetime(2025, 8, 19, 6, 57, 33, tzinfo=UTC)
    assert (call.direction, call.caller, call.agent_id) == ("inbound", "05550000012", "1002")
    assert (call.disposition, call.ringing_s) == ("answered", 11.0)
    assert recording(call) == {"uri": "s3://pbx/recordings/20250819095658-1755568612.24-05550000012-1002-Inbound.wav"}


def test_yeastar_tells_of_a_call_that_nobody_answered() -> None:
    call = taken("yeastar", payload("yeastar-unanswered"), ISTANBUL)
    assert (call.recording, call.disposition, call.direction) == (None, "missed", "outbound")
    assert (call.caller, call.agent_id) == ("05550000013", "1002")


@pytest.mark.parametrize(
    ("zone", "recordings", "said"),
    [(None, "s3://pbx", "no time zone is set"), (ISTANBUL, None, "set recordings")],
)
def test_what_a_pbx_leaves_out_the_settings_say(zone: ZoneInfo | None, recordings: str | None, said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        mapped("yeastar", payload("yeastar-answered"), zone, recordings)
    assert "1755568612" not in str(refused.value)


def test_another_event_of_yeastar_is_ignored() -> None:
    event = {"type": 30033, "sn": "3631A2280067", "msg": {"key": "recording_download", "result": "succeed"}}
    assert mapped("yeastar", as_json(event), ISTANBUL) is None


def test_freeswitch_encodes_its_values() -> None:
    call = taken("freeswitch", payload("freeswitch-a-leg"), recordings="file:///mnt/pbx")
    assert call.call_id == "a0f3c1de-7f44-4b0e-9c0c-2f3d3d1f8a10"
    assert (call.caller, call.agent_id, call.queue) == ("+905550000012", "1001", "sales@pbx.example")
    assert call.started_at == datetime(2026, 11, 28, 6, 0, 0, 120000, tzinfo=UTC)
    assert call.ended_at == datetime(2026, 11, 28, 6, 1, 1, 500000, tzinfo=UTC)
    assert (call.disposition, call.hold_s) == ("answered", 7.0)
    assert recording(call) == {
        "uri": "file:///mnt/pbx/var/lib/freeswitch/recordings/2026/Nov/28/a0f3c1de.wav",
        "channels": {"customer": 0, "agent": 1},
    }


def test_freeswitch_may_post_its_record_as_a_field_of_a_form() -> None:
    raw = (PAYLOADS / "freeswitch-a-leg.json").read_text()
    sent = as_form({"cdr": raw}, "uuid=a0f3c1de")
    plain = payload("freeswitch-a-leg")
    assert taken("freeswitch", sent, None, "s3://x") == taken("freeswitch", plain, None, "s3://x")


def test_of_freeswitchs_legs_the_first_is_the_call() -> None:
    assert mapped("freeswitch", payload("freeswitch-b-leg"), None, "s3://x") is None


def test_freeswitch_tells_of_a_caller_who_gave_up() -> None:
    call = taken("freeswitch", payload("freeswitch-gave-up"))
    assert (call.recording, call.disposition) == (None, "abandoned")


@pytest.mark.parametrize("recordings", [None, "file:///mnt/pbx"])
def test_freeswitch_answers_whoever_it_queues(recordings: str | None) -> None:
    """mod_callcenter answers the channel before anybody is rung, and says cc_cause=cancel when the caller gives up."""
    told = json.loads((PAYLOADS / "freeswitch-gave-up.json").read_text())
    told["variables"] |= {"answer_epoch": told["variables"]["start_epoch"], "cc_cause": "cancel"}
    call = taken("freeswitch", as_json(told), recordings=recordings)
    assert (call.recording, call.disposition) == (None, "abandoned")
    told["variables"]["bridge_epoch"] = told["variables"]["start_epoch"]
    assert taken("freeswitch", as_json(told), recordings=recordings).disposition == "answered"


@pytest.mark.parametrize("recordings", [None, "file:///mnt/pbx"])
def test_freeswitch_names_a_recording_before_anybody_answers(recordings: str | None) -> None:
    told = json.loads((PAYLOADS / "freeswitch-gave-up.json").read_text())
    told["variables"] |= {"record_path": "/var/lib/rec", "record_name": "1.wav"}
    call = taken("freeswitch", as_json(told), recordings=recordings)
    assert (call.recording, call.disposition) == (None, "abandoned")


@pytest.mark.parametrize(
    ("line", "match"),
    [("time_zone: Europe/Istambul", "time_zone"), ("time_zone: Europe/Istanbul", None)],
)
def test_the_time_zone_of_a_mapping_is_one(line: str, match: str | None, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(f"about: a test\n{line}\ncall: {{call_id: id, ended_at: moment(at), recording: '`null`'}}\n")
    if match is None:
        load_mapping(own)
        return
    with pytest.raises(SettingsError, match=match):
        load_mapping(own)


def test_what_later_cannot_read_is_not_quoted(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "about: a test\ncall: {call_id: body.id, ended_at: 'later(body.at, `1`)', recording: '`null`'}\n",
        encoding="utf-8",
    )
    with pytest.raises(Refused, match="ended_at") as refused:
        load_mapping(own).content(as_json({"id": "1", "at": "+905551112233"}))
    assert "905551112233" not in str(refused.value)


def test_rtpengine_says_all_in_headers() -> None:
    call = taken("rtpengine", Sent.read(b"", "", "", RTPENGINE), recordings="file:///mnt/rtpengine")
    assert (call.call_id, call.agent_id, call.caller) == ("1-2345@198.51.100.7", "elif", "+905550000012")
    assert call.ended_at == datetime(2026, 11, 28, 6, 1, 1, 500000, tzinfo=UTC)
    assert recording(call) == {"uri": "file:///mnt/rtpengine/var/spool/rtpengine/1-2345-mix.wav"}


@pytest.mark.parametrize("change", [{"x-recording-kind": "single"}, {"x-recording-call-end-time": ""}])
def test_a_single_stream_of_rtpengine_is_no_call(change: dict[str, str]) -> None:
    assert mapped("rtpengine", Sent.read(b"", "", "", RTPENGINE | change), None, "s3://x") is None


@pytest.mark.parametrize("sent", [as_form(REPORT), as_json(REPORT)], ids=["form", "json"])
def test_3cx_reports_a_call_that_nobody_answered(sent: Sent) -> None:
    call = taken("3cx-reportcall", sent)
    assert (call.recording, call.disposition, call.direction) == (None, "missed", "inbound")
    assert call.ended_at == datetime(2026, 11, 28, 7, 0, 23, tzinfo=UTC)
    assert "5550000012" not in call.call_id
    assert call == taken("3cx-reportcall", sent)


def test_3cx_reports_answered_calls_without_their_recording_which_comes_another_way() -> None:
    assert mapped("3cx-reportcall", as_form(REPORT | {"CallType": "Inbound"})) is None


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("sent", [as_json([]), as_json("text"), as_json(7), Sent.read(b"", "", "", {}), as_json({})])
def test_what_is_something_else_is_ignored_or_refused(name: str, sent: Sent) -> None:
    try:
        assert mapped(name, sent, ISTANBUL, "s3://x") is None
    except Refused as refused:
        assert refused.reason == "invalid"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
YEASTAR = json.loads((PAYLOADS / "yeastar-answered.json").read_text())
FREESWITCH = json.loads((PAYLOADS / "freeswitch-a-leg.json").read_text())
WHOLE = [("twilio", TWILIO), ("yeastar", YEASTAR), ("3cx-reportcall", REPORT), ("freeswitch", FREESWITCH)]


@given(st.data())
def test_whatever_stands_in_a_field_a_call_comes_of_it_or_a_refusal(data: st.DataObject) -> None:
    name, whole = data.draw(st.sampled_from(WHOLE))
    changed = dict(whole)
    for place in data.draw(st.lists(st.sampled_from(sorted(whole)), max_size=3, unique=True)):
        changed[place] = data.draw(ANYTHING)
    sent = Sent(body=changed)
    try:
        mapped(name, sent, ISTANBUL, "s3://x")
    except Refused as refused:
        assert refused.reason == "invalid"
