"""What a PBX may send: only what it knows; the rest is derived."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import DISPOSITIONS, CallEnded, FilePerSpeaker, OneFile, Speaker
from streams.decoding import decode
from streams.errors import UnreadableEvent

ONE_FILE: dict[str, Any] = {
    "call_id": "pbx7-1759662207.4411",
    "ended_at": "2026-10-05T14:03:27+03:00",
    "recording": {"uri": "https://pbx.example/rec/4411.wav", "channels": {"customer": 0, "agent": 1}},
    "metadata": {"campaign": "autumn", "attempt": 2},
}
TWO_FILES: dict[str, Any] = ONE_FILE | {
    "recording": {
        "customer": {"uri": "s3://rec/4411-in.wav", "offset_s": 0.0},
        "agent": {"uri": "s3://rec/4411-out.wav", "offset_s": 1.8},
    }
}


def read(content: dict[str, Any]) -> CallEnded:
    return decode(CallEnded, json.dumps(content).encode())


def test_one_file_with_channels_reads() -> None:
    call = read(ONE_FILE)
    assert call.ended_at == datetime(2026, 10, 5, 11, 3, 27, tzinfo=UTC)
    assert isinstance(call.recording, OneFile)
    assert call.recording.channels == {Speaker.CUSTOMER: 0, Speaker.AGENT: 1}
    assert call.metadata == {"campaign": "autumn", "attempt": 2}


def test_a_file_per_speaker_reads() -> None:
    recording = read(TWO_FILES).recording
    assert isinstance(recording, FilePerSpeaker)
    assert (recording.agent.uri, recording.agent.offset_s) == ("s3://rec/4411-out.wav", 1.8)


def test_the_offset_of_a_file_may_be_left_out() -> None:
    legs = {"customer": {"uri": "s3://rec/in.wav"}, "agent": {"uri": "s3://rec/out.wav"}}
    recording = read(TWO_FILES | {"recording": legs}).recording
    assert isinstance(recording, FilePerSpeaker)
    assert recording.customer.offset_s == 0


@pytest.mark.parametrize("content", [ONE_FILE, TWO_FILES])
def test_a_recording_is_moved_address_by_address_and_nothing_else_of_it_changes(content: dict[str, Any]) -> None:
    before = read(content).recording
    assert before is not None
    after = before.moved(lambda uri: f"moved:{uri}")
    assert after.uris == tuple(f"moved:{uri}" for uri in before.uris)
    assert after.moved(lambda uri: uri.removeprefix("moved:")) == before


def test_the_same_report_sent_twice_is_the_same_event() -> None:
    first, second = read(ONE_FILE), read(ONE_FILE)
    assert first == second
    assert len(first.event_id) == 36
    assert len(first.trace_id) == 32


@pytest.mark.parametrize("change", [{"call_id": "pbx7-2"}, {"ended_at": "2026-10-05T14:03:28+03:00"}])
def test_another_call_is_another_event(change: dict[str, str]) -> None:
    first, second = read(ONE_FILE), read(ONE_FILE | change)
    assert first.event_id != second.event_id
    assert first.trace_id != second.trace_id


def test_the_same_instant_in_another_time_zone_is_the_same_event() -> None:
    assert read(ONE_FILE | {"ended_at": "2026-10-05T11:03:27Z"}).event_id == read(ONE_FILE).event_id


def test_the_producers_own_identifiers_are_kept() -> None:
    call = read(ONE_FILE | {"event_id": "mine", "trace_id": "0af7651916cd43dd8448eb211c80319c"})
    assert (call.event_id, call.trace_id) == ("mine", "0af7651916cd43dd8448eb211c80319c")


@given(st.text(min_size=1, max_size=200), st.datetimes(timezones=st.just(UTC)))
def test_derived_identifiers_are_stable_over_a_round_trip(call_id: str, ended_at: datetime) -> None:
    call = CallEnded(call_id=call_id, ended_at=ended_at, recording=OneFile(uri="file:///a.wav"))
    assert CallEnded.model_validate_json(call.model_dump_json()) == call


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"call_id": ""}, "call_id"),
        ({"call_id": "x" * 201}, "call_id"),
        ({"call_id": 4411}, "call_id"),
        ({"ended_at": "2026-10-05T14:03:27"}, "ended_at"),
        ({"ended_at": None}, "ended_at"),
        ({"ended_at": "yesterday"}, "ended_at"),
        ({"recording": {}}, "recording"),
        ({"recording": {"uri": ""}}, "recording"),
        ({"recording": {"uri": "a", "channels": {"customer": 0, "agent": 0}}}, "share a channel"),
        ({"recording": {"uri": "a", "channels": {"customer": -1, "agent": 0}}}, "recording"),
        ({"recording": {"uri": "a", "channels": {"caller": 0}}}, "recording"),
        ({"recording": {"customer": {"uri": "a"}}}, "recording"),
        ({"recording": {"customer": {"uri": "a", "offset_s": -1.0}, "agent": {"uri": "b"}}}, "recording"),
        ({"recording": {"customer": {"uri": "a", "offset_s": math.inf}, "agent": {"uri": "b"}}}, "offset_s"),
        ({"recording": {"customer": {"uri": "a", "offset_s": math.nan}, "agent": {"uri": "b"}}}, "offset_s"),
        ({"recording": {"customer": {"uri": "a", "offset_s": 1e9}, "agent": {"uri": "b"}}}, "offset_s"),
        ({"recording": {"customer": {"uri": "a"}, "agent": {"uri": "a"}}}, "name the same file"),
    ],
)
def test_a_report_that_breaks_a_rule_is_refused_by_its_field(change: dict[str, Any], named: str) -> None:
    with pytest.raises(UnreadableEvent, match=named):
        read(ONE_FILE | change)


@pytest.mark.parametrize("channels", [{"customer": 0}, {"agent": 1}])
def test_channels_that_leave_a_speaker_out_are_refused(channels: dict[str, int]) -> None:
    with pytest.raises(UnreadableEvent, match="channel"):
        read(ONE_FILE | {"recording": {"uri": "file:///a.wav", "channels": channels}})


def test_the_size_of_an_event_is_bounded_and_the_error_names_field_limit_and_cure() -> None:
    read(ONE_FILE | {"metadata": {"note": "x" * 250_000}})
    with pytest.raises(UnreadableEvent, match=r"metadata has 1000\d\d\d bytes .* may have 262144\. Keep what is large"):
        read(ONE_FILE | {"metadata": {"note": "x" * 1_000_000}})
    with pytest.raises(UnreadableEvent, match="queue has"):
        read(ONE_FILE | {"queue": "q" * 300_000})


@pytest.mark.parametrize("moment", ["9999-12-31T23:30:00Z", "0001-01-01T00:30:00Z", "0001-01-01T00:00:00+14:00"])
def test_an_end_without_a_local_time_in_every_zone_is_refused(moment: str) -> None:
    with pytest.raises(UnreadableEvent, match="ended_at is out of range"):
        read(ONE_FILE | {"ended_at": moment})


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_a_call_may_have_no_recording_if_it_says_how_it_went(disposition: str) -> None:
    call = read(ONE_FILE | {"recording": None, "disposition": disposition})
    assert (call.recording, call.disposition) == (None, disposition)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"recording": None}, "set disposition to one of answered, missed"),
        ({"recording": None, "disposition": "lost"}, "disposition"),
        ({"recording": {"uri": "https://pbx.example/1.wav"}, "ringing_s": -1}, "ringing_s"),
        ({"disposition": "missed"}, "recording"),  # who forgets the recording has not said that there is none
    ],
)
def test_a_call_without_a_recording_has_to_say_how_it_went(content: dict[str, Any], said: str) -> None:
    whole = {name: value for name, value in ONE_FILE.items() if name != "recording"}
    with pytest.raises(UnreadableEvent, match=said):
        read(whole | content)
