"""What producers send that is wrong or only odd: the rows of docs/dead-letters.md, and the cases of its test."""

import gzip
import json
import math
from typing import Any, NamedTuple

_ADDRESS = "https://pbx.example/1.wav"
_GOOD: dict[str, Any] = {"call_id": "call-1", "ended_at": "2026-11-28T10:00:00+03:00", "recording": {"uri": _ADDRESS}}
_LEGS = {"customer": {"uri": "https://pbx.example/c.wav"}, "agent": {"uri": "https://pbx.example/a.wav"}}
_HOP = {"stage": "pbx", "taken_at": "2026-11-28T10:00:00Z", "finished_at": "2026-11-28T10:00:01Z"}


class Wrong(NamedTuple):
    """One mistake of a producer."""

    sent: str
    """What was sent, in words."""
    value: bytes | None
    field: str
    """The field that the message names; empty: it is about the message as a whole."""


class Odd(NamedTuple):
    """Something that looks wrong and is taken."""

    sent: str
    value: bytes
    path: str
    """Which part of the event it is about."""
    kept: object
    """What stands there then."""


def _with(**changes: Any) -> bytes:
    return json.dumps(_GOOD | changes).encode()


def _without(name: str) -> bytes:
    return json.dumps({field: value for field, value in _GOOD.items() if field != name}).encode()


def _recorded(**changes: Any) -> bytes:
    return _with(recording=_GOOD["recording"] | changes)


def _at(address: str) -> bytes:
    return _recorded(uri=address)


def _leg(**changes: Any) -> bytes:
    return _with(recording=_LEGS | {"agent": _LEGS["agent"] | changes})


def _nested(levels: int) -> Any:
    return {"a": _nested(levels - 1)} if levels else 1


_TEXT = json.dumps(_GOOD)
NO_EVENT = (
    Wrong("no value (a tombstone)", None, ""),
    Wrong("no bytes", b"", ""),
    Wrong("text that is no JSON", b"call-1 has ended", ""),
    Wrong("JSON that is cut off", _TEXT[:-9].encode(), ""),
    Wrong("Python's notation", str(_GOOD).encode(), ""),
    Wrong("XML", b"<call id='call-1'/>", ""),
    Wrong("a list of events", json.dumps([_GOOD, _GOOD]).encode(), ""),
    Wrong("two events, a line each", f"{_TEXT}\n{_TEXT}".encode(), ""),
    Wrong("JSON written as JSON once more", json.dumps(_TEXT).encode(), ""),
    Wrong("a number", b"7", ""),
    Wrong("the word null", b"null", ""),
    Wrong("an event in an envelope (structured CloudEvents, Debezium)", json.dumps({"data": _GOOD}).encode(), ""),
    Wrong("a schema registry's frame (Confluent)", b"\0\0\0\0\x07" + _TEXT.encode(), ""),
    Wrong("an Avro file", b"Obj\x01\x04\x14avro.codec", ""),
    Wrong("gzip", gzip.compress(_TEXT.encode(), mtime=0), ""),
    Wrong("zstd", b"\x28\xb5\x2f\xfd\x04\x00", ""),
    Wrong("a byte-order mark first", _TEXT.encode("utf-8-sig"), ""),
    Wrong("UTF-16", _TEXT.encode("utf-16"), ""),
    Wrong("UTF-16 without a byte-order mark", _TEXT.encode("utf-16-le"), ""),
    Wrong("windows-1254", json.dumps(_GOOD | {"queue": "satış"}, ensure_ascii=False).encode("cp1254"), ""),
    Wrong("half of a surrogate pair", _with(queue="\ud83d"), ""),
    Wrong("a number of 5,000 digits", _with(metadata={"a": "N"}).replace(b'"N"', b"9" * 5000), ""),
    Wrong("a hundred thousand brackets", b'{"metadata":' + b"[" * 100_000, ""),
)
"""What is no event at all."""

WRONG_FIELDS = (
    Wrong("no call_id", _without("call_id"), "call_id"),
    Wrong("an empty call_id", _with(call_id=""), "call_id"),
    Wrong("a call_id of 201 characters", _with(call_id="x" * 201), "call_id"),
    Wrong("a number as call_id", _with(call_id=4711), "call_id"),
    Wrong("null as call_id", _with(call_id=None), "call_id"),
    Wrong("names in another notation (callId)", json.dumps({"callId": "call-1"}).encode(), "call_id"),
    Wrong("no ended_at", _without("ended_at"), "ended_at"),
    Wrong("null as ended_at", _with(ended_at=None), "ended_at"),
    Wrong("a time without an offset", _with(ended_at="2026-11-28T10:00:00"), "ended_at"),
    Wrong("a day", _with(ended_at="2026-11-28"), "ended_at"),
    Wrong("30 February", _with(ended_at="2026-02-30T10:00:00Z"), "ended_at"),
    Wrong("a leap second", _with(ended_at="2026-06-30T23:59:60Z"), "ended_at"),
    Wrong("microseconds since 1970", _with(ended_at=1764313200000000), "ended_at"),
    Wrong("Infinity as a time", _with(ended_at=math.inf), "ended_at"),
    Wrong("MongoDB's notation", _with(ended_at={"$date": "2026-11-28T10:00:00Z"}), "ended_at"),
    Wrong("the year 1", _with(ended_at="0001-01-01T00:00:00Z"), "ended_at"),
    Wrong("the last day of 9999", _with(ended_at="9999-12-31T23:59:59Z"), "ended_at"),
    Wrong("the year 1 as started_at", _with(started_at="0001-01-01T00:00:00Z"), "started_at"),
    Wrong("text as started_at", _with(started_at="yesterday"), "started_at"),
    Wrong("a number as caller", _with(caller=905321234567), "caller"),
    Wrong("an object as agent", _with(agent_id={"name": "Elif"}), "agent_id"),
    Wrong("a list as queue", _with(queue=["sales"]), "queue"),
    Wrong("a number as direction", _with(direction=1), "direction"),
    Wrong("a language of one letter", _with(language="t"), "language"),
    Wrong("a language of 101 characters", _with(language="x" * 101), "language"),
    Wrong("a list as metadata", _with(metadata=[1]), "metadata"),
    Wrong("null as metadata", _with(metadata=None), "metadata"),
    Wrong("metadata in 90 levels", _with(metadata=_nested(90)), "metadata"),
    Wrong("an unknown field in 90 levels", _with(crm=_nested(90)), "crm"),
    Wrong("metadata of 300 KB", _with(metadata={"a": "x" * 300_000}), "metadata"),
    Wrong("an unknown field of 300 KB", _with(crm="x" * 300_000), "crm"),
    Wrong("another major version", _with(schema_version="2.0"), ""),
    Wrong("no version", _with(schema_version="new"), "schema_version"),
    Wrong("a number as version", _with(schema_version=1), "schema_version"),
    Wrong("an empty event_id", _with(event_id=""), "event_id"),
    Wrong("a UUID as trace_id", _with(trace_id="8c3f1b1e-0000-4000-8000-000000000000"), "trace_id"),
    Wrong("a trace_id in capitals", _with(trace_id="A" * 32), "trace_id"),
    Wrong("null as hops", _with(hops=None), "hops"),
    Wrong("a hop without its times", _with(hops=[{"stage": "pbx"}]), "hops.0.taken_at"),
    Wrong("a hop whose time has no offset", _with(hops=[_HOP | {"taken_at": "2026-11-28T10:00"}]), "hops.0.taken_at"),
    Wrong("a hop of no tries", _with(hops=[_HOP | {"attempts": 0}]), "hops.0.attempts"),
)
"""What is wrong in the fields of the call."""

WRONG_RECORDINGS = (
    Wrong("no recording", _without("recording"), "recording"),
    Wrong("null as recording", _with(recording=None), "recording"),
    Wrong("an address as recording", _with(recording=_ADDRESS), "recording"),
    Wrong("a list of recordings", _with(recording=[_GOOD["recording"]]), "recording"),
    Wrong("an empty recording", _with(recording={}), "recording.uri"),
    Wrong("an empty address", _at(""), "recording.uri"),
    Wrong("one leg of two", _with(recording={"agent": _LEGS["agent"]}), "recording.customer"),
    Wrong("addresses as legs", _with(recording=dict.fromkeys(_LEGS, _ADDRESS)), "recording.customer"),
    Wrong("both legs in one file", _with(recording={leg: {"uri": _ADDRESS} for leg in _LEGS}), "recording"),
    Wrong(
        "both legs in one file, its host in capitals",
        _with(recording={"customer": {"uri": "https://pbx.example/1"}, "agent": {"uri": "HTTPS://PBX.example/1#a"}}),
        "recording",
    ),
    Wrong("offset_s -1", _leg(offset_s=-1), "recording.agent.offset_s"),
    Wrong("offset_s 1e9", _leg(offset_s=1e9), "recording.agent.offset_s"),
    Wrong("offset_s Infinity", _leg(offset_s=math.inf), "recording.agent.offset_s"),
    Wrong("offset_s NaN", _leg(offset_s=math.nan), "recording.agent.offset_s"),
    Wrong("offset_s in quotes", _leg(offset_s="5"), "recording.agent.offset_s"),
    Wrong("both speakers on one channel", _recorded(channels={"customer": 0, "agent": 0}), "recording.channels"),
    Wrong("one speaker's channel", _recorded(channels={"customer": 0}), "recording.channels"),
    Wrong("channel -1", _recorded(channels={"customer": -1, "agent": 0}), "recording.channels.customer"),
    Wrong("channel 256", _recorded(channels={"customer": 256, "agent": 0}), "recording.channels.customer"),
    Wrong("channels in quotes", _recorded(channels={"customer": "0", "agent": "1"}), "recording.channels.customer"),
    Wrong("speakers by channel", _recorded(channels={"0": "customer", "1": "agent"}), "recording.channels.0"),
    Wrong("an unknown encoding", _recorded(format={"encoding": "g729"}), "recording.format.encoding"),
    Wrong("a rate of 1 Hz", _recorded(format={"encoding": "ulaw", "sample_rate_hz": 1}), "recording.format.sample"),
    Wrong("9 channels, no header", _recorded(format={"encoding": "ulaw", "channels": 9}), "recording.format.channels"),
)
"""What is wrong in where the recording is said to be."""

WRONG_ADDRESSES = (
    Wrong("a path", _at("/var/spool/1.wav"), ""),
    Wrong("an unknown scheme", _at("pbx7://rec/1.wav"), ""),
    Wrong("no host", _at("https:///1.wav"), ""),
    Wrong("a bracket that is not closed", _at("http://[::1/1.wav"), ""),
    Wrong("a port that is no number", _at("http://pbx.example:port/1.wav"), ""),
    Wrong("port 99999", _at("http://pbx.example:99999/1.wav"), ""),
    Wrong("a host that Unicode's NFKC changes", _at("http://pbx.example\uff0fevil/1.wav"), ""),
    Wrong("a host with an empty part", _at("http://pbx..example/1.wav"), ""),
    Wrong("a host of 300 characters", _at(f"http://{'x' * 300}.example/1.wav"), ""),
    Wrong("a space in the host", _at("http://pbx example/1.wav"), ""),
    Wrong("half an address of numbers", _at("http://127.1/1.wav"), ""),
    Wrong("a chain of addresses", _at("filecache::https://pbx.example/1.wav"), ""),
    Wrong("a data address", _at("data:audio/wav;base64,UklGRg=="), ""),
    Wrong("a scheme that is not listed", _at("ftp://pbx.example/1.wav"), ""),
    Wrong("an address of the machine itself", _at("http://127.0.0.1/1.wav"), ""),
    Wrong("a cloud's metadata service", _at("http://169.254.169.254/latest/1.wav"), ""),
    Wrong("a file on another machine", _at("file://pbx/1.wav"), ""),
    Wrong("a file in no listed folder", _at("file:///etc/passwd"), ""),
    Wrong("NUL in a file's name", _at("file:///var/spool/\0.wav"), ""),
    Wrong("a file's name of 5,000 characters", _at(f"file:///var/spool/{'x' * 5000}"), ""),
)
"""Addresses that can be read as text, and from which nothing is fetched."""

ODD = (
    Odd("an integer of 65 bits", _with(metadata={"a": 2**65}), "metadata", {"a": str(2**65)}),
    Odd("NUL in a name", _with(metadata={"a\0b": 1}), "metadata", {"a\u2400b": 1}),
    Odd("NaN, Infinity", _with(metadata={"a": math.nan, "b": math.inf}), "metadata", {"a": None, "b": None}),
    Odd(
        "the same name twice",
        _TEXT.replace("{", '{"call_id": "x", ', 1).encode(),
        "call_id",
        "call-1",
    ),
    Odd("controls in call_id", _with(call_id="a\nb\x1b[1m"), "call_id", "a\nb\x1b[1m"),
    Odd("seconds since 1970", _with(ended_at=1764313200), "ended_at", "2025-11-28T07:00:00Z"),
    Odd("milliseconds since 1970, in quotes", _with(ended_at="1764313200000"), "ended_at", "2025-11-28T07:00:00Z"),
    Odd("a call that ended in 1900", _with(ended_at="1900-01-01T00:00:00Z"), "ended_at", "1900-01-01T00:00:00Z"),
    Odd("a call that ends in 2999", _with(ended_at="2999-01-01T00:00:00Z"), "ended_at", "2999-01-01T00:00:00Z"),
    Odd("a start after the end", _with(started_at="2999-01-01T00:00:00Z"), "started_at", "2999-01-01T00:00:00Z"),
    Odd("letters in pieces (NFD)", _with(queue="satıs\u0327"), "queue", "satış"),
    Odd("a later minor version", _with(schema_version="1.99"), "schema_version", "1.99"),
    Odd("an unknown field", _with(crm={"id": 7}), "crm", {"id": 7}),
    Odd("an address beside legs", _with(recording=_GOOD["recording"] | _LEGS), "recording.uri", _ADDRESS),
)
"""What is taken, and how."""

WRONG = {
    "No event": NO_EVENT,
    "The call": WRONG_FIELDS,
    "The recording": WRONG_RECORDINGS,
    "The recording's address, with the settings as they are by default": WRONG_ADDRESSES,
}
