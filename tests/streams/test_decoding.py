"""From bytes to events."""

import json

import pytest

from schemas import CallEnded
from streams.decoding import decode, readable_call_id
from streams.errors import UnreadableEvent

GOOD = b'{"call_id": "a", "ended_at": "2026-11-22T09:03:10Z", "recording": {"uri": "file:///a.wav"}%s}'


def test_a_newer_minor_version_is_read_and_its_fields_are_kept() -> None:
    event = decode(CallEnded, GOOD % b', "schema_version": "1.7", "sentiment": "calm"')
    assert event.model_extra == {"sentiment": "calm"}
    assert b'"sentiment":"calm"' in event.model_dump_json().encode()


@pytest.mark.parametrize("version", [b"2.0", b"0.9", b"10.0"])
def test_another_major_version_is_refused_with_the_cure(version: bytes) -> None:
    with pytest.raises(UnreadableEvent) as refused:
        decode(CallEnded, GOOD % b', "schema_version": "%s"' % version)
    assert version.decode() in refused.value.message
    assert "Upgrade this worker" in refused.value.cure


def test_a_wrong_type_is_refused_and_its_value_is_not_quoted() -> None:
    with pytest.raises(UnreadableEvent) as refused:
        decode(CallEnded, GOOD % b', "caller": 905321112233')
    assert "caller" in refused.value.message
    assert "905321112233" not in str(refused.value)


def test_a_call_time_without_an_offset_is_refused() -> None:
    with pytest.raises(UnreadableEvent, match="ended_at"):
        decode(CallEnded, (GOOD % b"").replace(b"10Z", b"10"))


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_an_impossible_call_id_names_no_call(name: str) -> None:
    assert readable_call_id(json.dumps({"call_id": name}).encode(), b"key") == "key"
    assert readable_call_id(b"garbage", name.encode()) is None


def test_a_problem_is_named_in_few_words_however_long_the_field_is() -> None:
    value = json.dumps({"call_id": "a", "recording": {"uri": "u", "channels": {"x" * 100_000: 1}}}).encode()
    with pytest.raises(UnreadableEvent) as caught:
        decode(CallEnded, value)
    assert len(caught.value.message) < 3000
