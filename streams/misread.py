"""What bytes are that should have been an event as JSON: the usual mistakes of producers, each with its cure. Pure."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic_core import from_json


class Misread(NamedTuple):
    """What was found in the place of an event."""

    found: str
    cure: str


_UNPACKED = "Send JSON as it is, and let the Kafka client compress (compression.type)"
_UTF8 = "Encode the JSON as UTF-8, without a byte-order mark"
_BEGINNINGS = (
    (b"\xef\xbb\xbf", "a byte-order mark before the JSON", _UTF8),
    (b"\xff\xfe", "UTF-16", _UTF8),
    (b"\xfe\xff", "UTF-16", _UTF8),
    (b"{\0", "UTF-16", _UTF8),
    (b"\0{", "UTF-16", _UTF8),
    (b"\x1f\x8b", "bytes that gzip has packed", _UNPACKED),
    (b"\x28\xb5\x2f\xfd", "bytes that zstd has packed", _UNPACKED),
    (b"\x04\x22\x4d\x18", "bytes that lz4 has packed", _UNPACKED),
    (b"\xff\x06\x00\x00sNaPpY", "bytes that snappy has packed", _UNPACKED),
    (b"PK\x03\x04", "a zip archive", _UNPACKED),
    (b"Obj\x01", "an Avro file", "Use a serializer that writes JSON, one event in each message"),
)
_FRAME_BYTES = 5
_ALONE = "Send the event itself, in a message of its own"


def misread(value: bytes) -> Misread | None:
    """Return what a value is that cannot be read as an event; None: JSON whose fields are wrong, or nothing known."""
    for beginning, found, cure in _BEGINNINGS:
        if value.startswith(beginning):
            return Misread(found, cure)
    if value[0] == 0 and len(value) > _FRAME_BYTES:
        schema = int.from_bytes(value[1:_FRAME_BYTES])
        return Misread(
            f"the frame of a schema registry (byte 0, schema {schema}) before the event",
            "Use a serializer that writes plain JSON, without a schema registry",
        )
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        return Misread(f"bytes that are no UTF-8, from byte {error.start} on", _UTF8)
    if text.lstrip().startswith("<"):
        return Misread("XML or HTML", "Send the event as JSON")
    try:
        return _shape(from_json(value))
    except ValueError:
        return _several(text)


def _shape(content: Any) -> Misread | None:
    if isinstance(content, list):
        return Misread(f"a list of {len(content)}", "Send each event in a message of its own")
    if isinstance(content, str):
        return Misread("JSON within a JSON text", "Serialize the event once: something writes its JSON as JSON again")
    if not isinstance(content, dict):
        return Misread("JSON that is no object", _ALONE)
    if "call_id" in content:
        return None
    wrapped = next((name for name, one in content.items() if isinstance(one, dict) and "call_id" in one), None)
    return wrapped and Misread(f"an event within the field {wrapped[:50]}", _ALONE)


def _several(text: str) -> Misread | None:
    """Tell whether a whole JSON object stands there, and something behind it."""
    decoder: Callable[[str], tuple[Any, int]] = json.JSONDecoder().raw_decode
    try:
        content, end = decoder(text.lstrip())
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not text.lstrip()[end:].strip():
        return None
    return Misread("something behind the event, or several events in one message", _ALONE)
