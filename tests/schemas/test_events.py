"""Every event that a topic carries: what it promises to producers and readers of other versions."""

import json
from pathlib import Path
from typing import Any

import pytest

import schemas
from schemas import CallClassified, CallTranscribed, Event, Spoken
from schemas.event import Part
from streams.decoding import decode
from streams.errors import UnreadableEvent
from streams.topics import TOPICS
from tests.schemas.examples import call_failed, call_labelled, call_lost, call_told, call_unheard, examples, large

GOLDEN = Path(__file__).with_name("golden")
EVENTS = sorted({topic.content for topic in TOPICS}, key=lambda event: event.__name__)
EXAMPLES = {type(example): example for example in examples()}
every_event = pytest.mark.parametrize("event_class", EVENTS, ids=lambda event: event.__name__)
Json = dict[str, Any]


def as_json(event: Event) -> Json:
    content: Json = json.loads(event.model_dump_json())
    return content


def read(event_class: type[Event], content: Json) -> Event:
    return decode(event_class, json.dumps(content).encode())


def test_every_event_that_schemas_offers_has_a_topic() -> None:
    offered = {item for item in vars(schemas).values() if isinstance(item, type) and issubclass(item, Event)}
    bases = {schemas.Event, schemas.CallFacts, schemas.CallEvent, schemas.Spoken}
    assert offered - bases == set(EVENTS)


@every_event
def test_an_event_survives_a_round_trip(event_class: type[Event]) -> None:
    example = EXAMPLES[event_class]
    assert decode(event_class, example.model_dump_json().encode()) == example


@pytest.mark.parametrize("event_class", [CallTranscribed, CallClassified])
def test_an_event_whose_turns_lie_elsewhere_survives_a_round_trip(
    event_class: type[Spoken],
) -> None:
    example = EXAMPLES[event_class]
    assert isinstance(example, Spoken)
    assert decode(event_class, large(example).model_dump_json().encode()) == large(example)


@pytest.mark.parametrize(
    "event",
    [call_failed(), call_labelled(), call_told(), call_unheard(), call_lost()],
    ids=["failed", "labelled", "facts", "unheard", "lost"],
)
def test_what_an_event_says_in_another_case_survives_a_round_trip(event: Event) -> None:
    assert decode(type(event), event.model_dump_json().encode()) == event


@pytest.mark.parametrize("change", [{"label": None}, {"facts": {"job_booked": True}}], ids=["neither", "both"])
def test_an_annotation_says_one_thing(change: Json) -> None:
    content = as_json(EXAMPLES[schemas.CallAnnotated]) | change
    with pytest.raises(UnreadableEvent, match="either a label or facts"):
        read(schemas.CallAnnotated, content)


@every_event
def test_the_example_sets_every_field_that_its_kind_may_hold(event_class: type[Event]) -> None:
    empty = {name for name, value in as_json(EXAMPLES[event_class]).items() if value in (None, [], {}, "")}
    # a done outcome has no failure; turns that are in the event lie nowhere else; what is whole leaves nothing out;
    # what people say has examples of its own; most calls are classified once
    of_people = {"supersedes_label", "label", "machine", "facts", "facts_at"}
    of_the_lane = {"previous_outcome"}
    assert empty <= {"failure", "turns_claim", "left_out"} | of_people | of_the_lane


@every_event
def test_fields_of_a_newer_version_survive_at_the_top(event_class: type[Event]) -> None:
    content = as_json(EXAMPLES[event_class]) | {"schema_version": "1.7", "weather": {"score": [0.5, None]}}
    assert as_json(read(event_class, content)) == content


@every_event
def test_fields_of_a_newer_version_survive_in_every_part(event_class: type[Event]) -> None:
    example = EXAMPLES[event_class]
    content = _extended(example, as_json(example))
    assert json.dumps(content).count("from_the_future") >= 2
    assert as_json(read(event_class, content)) == content


def _extended(value: Any, written: Any) -> Any:
    """Return what was written of a value, with an unknown field in every part of it."""
    if isinstance(value, Part):
        fields = {name: _extended(getattr(value, name), item) for name, item in written.items()}
        return fields | {"from_the_future": [1, {"deep": "yes"}]}
    if isinstance(value, dict):
        return {name: _extended(value[name], item) for name, item in written.items()}
    if isinstance(value, tuple):
        return [_extended(*pair) for pair in zip(value, written, strict=True)]
    return written


@every_event
def test_the_golden_file_still_reads_and_is_written_as_it_was(event_class: type[Event]) -> None:
    files = sorted(GOLDEN.glob(f"{event_class.__name__}.*.json"))
    assert files, f"add tests/schemas/golden/{event_class.__name__}.<version>.json; it stays for ever"
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        written = as_json(read(event_class, content))
        assert _reduced(written, content) == content, file.name


def _reduced(written: Any, golden: Any) -> Any:
    """What was written without the fields that a later version has added, at any depth."""
    if isinstance(golden, dict):
        return {name: _reduced(written.get(name), value) for name, value in golden.items()}
    if isinstance(golden, list) and len(written) == len(golden):
        return [_reduced(own, value) for own, value in zip(written, golden, strict=True)]
    return written


@every_event
def test_wrong_types_are_refused_by_name_and_without_their_value(event_class: type[Event]) -> None:
    for field, wrong in {"event_id": 4711, "trace_id": "TRACE-SECRET", "hops": "SECRET"}.items():
        content = as_json(EXAMPLES[event_class]) | {field: wrong}
        with pytest.raises(UnreadableEvent, match=field) as caught:
            read(event_class, content)
        assert "SECRET" not in str(caught.value)


@every_event
def test_a_missing_field_is_named(event_class: type[Event]) -> None:
    required = [name for name, field in event_class.model_fields.items() if field.is_required()]
    assert required
    for name in required:
        content = as_json(EXAMPLES[event_class])
        del content[name]
        with pytest.raises(UnreadableEvent, match=name):
            read(event_class, content)


@every_event
def test_an_event_of_another_major_version_is_refused(event_class: type[Event]) -> None:
    with pytest.raises(UnreadableEvent, match=r"version 1\.x .* found 2\.0"):
        read(event_class, as_json(EXAMPLES[event_class]) | {"schema_version": "2.0"})


@every_event
@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe\x00"])
def test_bytes_that_are_no_event_raise(event_class: type[Event], value: bytes | None) -> None:
    with pytest.raises(UnreadableEvent, match=event_class.__name__):
        decode(event_class, value)


def test_a_number_written_as_text_is_a_wrong_type() -> None:
    content = as_json(EXAMPLES[CallClassified])
    content["figures"]["silence_s"] = "11.0"
    with pytest.raises(UnreadableEvent, match=r"figures\.silence_s"):
        read(CallClassified, content)


@every_event
def test_events_cannot_be_changed(event_class: type[Event]) -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(EXAMPLES[event_class], "event_id", "other")  # noqa: B010 - mypy knows that it cannot be assigned
