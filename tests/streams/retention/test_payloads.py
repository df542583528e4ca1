"""What goes and what stays: by age, and never what an unacknowledged event names."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Consumer, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from schemas import AudioReady, CallClassified, CallEnded, CallTranscribed, ClaimCheck, Event, OneFile
from streams.kafka import KafkaUnavailable, client_config, produce
from streams.kafka.ranges import topic_ranges
from streams.payloads.claim_check import Entry
from streams.payloads.layout import DECODED
from streams.retention.names import Names
from streams.retention.needed import Needed, needed_by
from streams.retention.payloads import cut_off, sort_out
from streams.retention.unacknowledged import CARRIERS
from streams.settings import KafkaSettings
from streams.topics import ANNOTATIONS, AUDIO, CLASSIFIED, ENDED, RETRIES, TOPICS, TRANSCRIPTS, Topic
from tests.schemas import examples

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BEFORE = NOW - timedelta(days=7)
DIGITS = "0123456789abcdef"


def claim(name: str, root: str = "file:///audio") -> ClaimCheck:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return ClaimCheck(uri=f"{root}/{name}", size_bytes=1, sha256=digest)


def entry(name: str, age_days: float) -> Entry:
    return Entry(name, f"file:///audio/{name}", NOW - timedelta(days=age_days))


def audio_ready(name: str) -> AudioReady:
    return examples.audio_ready().model_copy(update={"audio": claim(name)})


def call_ended(name: str) -> CallEnded:
    return examples.call_ended().model_copy(update={"recording": OneFile(uri=f"file:///audio/{name}")})


def needs(event: Event) -> frozenset[str]:
    return needed_by(event.model_dump_json().encode())


def test_only_what_is_older_than_the_cut_off_goes() -> None:
    found = sort_out(
        [entry("prepared/a.flac", 7.1), entry("prepared/b.flac", 7), entry("prepared/c.flac", 1)], BEFORE, set()
    )
    assert [gone.name for gone in found.expired] == ["prepared/a.flac"]
    assert found.pending == []


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (call_ended("recordings/0a1b.wav"), "recordings/0a1b.wav"),
        (audio_ready("prepared/0a1b.flac"), "prepared/0a1b.flac"),
        (examples.call_transcribed().model_copy(update={"turns_claim": claim("turns/0a1b.json")}), "turns/0a1b.json"),
        (examples.call_classified().model_copy(update={"turns_claim": claim("turns/0a1b.json")}), "turns/0a1b.json"),
    ],
)
def test_a_file_that_a_pending_event_names_stays_however_old(event: Event, name: str) -> None:
    found = sort_out([entry(name, 1000), entry(name.replace("0a1b", "0a1c"), 1000)], BEFORE, needs(event))
    assert [kept.name for kept in found.pending] == [name]
    assert len(found.expired) == 1


def test_the_checkpoints_of_pending_audio_stay_too() -> None:
    event = audio_ready("prepared/0a1b.flac")
    own = DECODED.file(event.audio.sha256, "-vosk-model-small-tr-0.3@a1b2.json")
    found = sort_out([entry(own, 1000), entry(f"decoded/{'0' * 32}-vosk.json", 1000)], BEFORE, needs(event))
    assert [kept.name for kept in found.pending] == [own]


def test_the_store_may_have_another_address_by_now() -> None:
    event = examples.audio_ready().model_copy(update={"audio": claim("prepared/0a1b.flac", "s3://elsewhere/callsift")})
    assert sort_out([entry("prepared/0a1b.flac", 1000)], BEFORE, needs(event)).expired == []


def test_a_file_that_a_killed_writer_left_behind_is_removed() -> None:
    draft = entry("prepared/0a1b.flac.c0ffee", 8)
    assert sort_out([draft], BEFORE, set()).expired == [draft]


def test_a_claim_check_in_a_field_that_is_not_known_here_counts() -> None:
    content = json.loads(examples.audio_ready().model_dump_json())
    content["newer"] = {"parts": [{"where": claim("prepared/0a1b.flac").model_dump()}]}
    assert "0a1b" in needed_by(json.dumps(content).encode())


@pytest.mark.parametrize(
    "value", [None, b"", b"no json", b"[1", b'"text"', b'{"uri": 3, "sha256": null}', b"[" * 10**6]
)
def test_bytes_that_are_no_event_name_no_file(value: bytes | None) -> None:
    assert needed_by(value) == frozenset()


def test_no_age_is_no_cut_off() -> None:
    assert cut_off(NOW, 0) is None
    assert cut_off(NOW, 7) == BEFORE


@given(
    ages=st.lists(st.floats(0, 30), max_size=8, unique=True),
    pending=st.sets(st.integers(0, 7)),
)
def test_every_entry_is_young_or_pending_or_expired(ages: list[float], pending: set[int]) -> None:
    entries = [entry(f"prepared/{DIGITS[number] * 32}.flac", age) for number, age in enumerate(ages)]
    needed = frozenset[str]().union(*(needs(audio_ready(f"prepared/{DIGITS[number] * 32}.flac")) for number in pending))
    found = sort_out(entries, BEFORE, needed)
    young = [kept for kept in entries if kept.modified_at >= BEFORE]
    assert sorted([*found.pending, *found.expired, *young]) == sorted(entries)
    assert not {gone.name for gone in found.expired} & {f"prepared/{DIGITS[number] * 32}.flac" for number in pending}


def test_every_topic_whose_events_name_something_in_the_store_is_read() -> None:
    # what people say names nothing there; it is read because a call that is forgotten may have some waiting
    assert set(CARRIERS) - {ANNOTATIONS} == {
        topic
        for topic in TOPICS
        if {"ClaimCheck", "OneFile", "SpeakerFile"} & topic.content.model_json_schema().get("$defs", {}).keys()
    }


def publish(kafka: KafkaSettings, topic: Topic, *events: Event) -> None:
    produce(kafka, topic.name, [("call", event.model_dump_json().encode()) for event in events])


def acknowledge(kafka: KafkaSettings, topic: Topic, group: str, left: int = 0) -> None:
    """Commit as a group's member does, up to the end without the last ``left`` messages."""
    consumer = Consumer(client_config(kafka) | {"group.id": f"{kafka.prefix}callsift.{group}"})
    ends = topic_ranges(kafka, topic.name)
    positions = [TopicPartition(*place, part.end - (left if part.end else 0)) for place, part in ends.items()]
    consumer.commit(offsets=positions, asynchronous=False)
    consumer.close()


def fresh(kafka: KafkaSettings) -> Needed:
    needed = Needed(kafka)
    needed.refresh()
    return needed


def of(needed: Needed, names: set[str]) -> set[str]:
    return {name for name in names if name in needed}


def heavy(event: CallTranscribed | CallClassified, name: str) -> Event:
    return event.model_copy(update={"turns": (), "turns_claim": claim(name)})


@pytest.mark.integration
def test_a_payload_is_needed_until_its_event_is_acknowledged(kafka: KafkaSettings) -> None:
    publish(kafka, ENDED, call_ended("recordings/e1.wav"))
    publish(kafka, AUDIO, audio_ready("prepared/a1.flac"), audio_ready("prepared/a2.flac"))
    publish(kafka, TRANSCRIPTS, heavy(examples.call_transcribed(), "turns/t1.json"))
    publish(kafka, CLASSIFIED, heavy(examples.call_classified(), "turns/c1.json"))
    publish(kafka, RETRIES[1], audio_ready("prepared/r1.flac"))
    steps: list[tuple[int, int]] = []
    everything = {"e1", "a1", "a2", "t1", "c1", "r1"}
    needed = Needed(kafka, lambda *step: steps.append(step))
    assert of(needed, everything) == set()
    needed.refresh()
    assert of(needed, everything) == everything
    assert steps == [(number, 6) for number in range(1, 7)]
    acknowledge(kafka, AUDIO, "transcribe", left=1)
    assert of(fresh(kafka), everything) == {"e1", "a2", "t1", "c1", "r1"}
    behind = {ENDED: "audio", AUDIO: "transcribe", TRANSCRIPTS: "classify", CLASSIFIED: "sink", RETRIES[1]: "retry"}
    for topic, group in behind.items():
        acknowledge(kafka, topic, group)
    assert of(fresh(kafka), everything) == set()


@pytest.mark.integration
def test_what_comes_after_the_first_look_is_read_by_the_next_and_nothing_twice(kafka: KafkaSettings) -> None:
    publish(kafka, AUDIO, audio_ready("prepared/a1.flac"))
    steps: list[tuple[int, int]] = []
    needed = Needed(kafka, lambda *step: steps.append(step))
    needed.refresh()
    acknowledge(kafka, AUDIO, "transcribe")
    publish(kafka, TRANSCRIPTS, heavy(examples.call_transcribed(), "turns/t1.json"))
    needed.refresh()
    needed.refresh()
    assert steps == [(1, 1), (1, 1)]
    assert of(needed, {"a1", "t1", "t2"}) == {"a1", "t1"}


@pytest.mark.slow  # make test-slow
def test_of_a_million_names_every_one_is_found_and_hardly_any_other() -> None:
    names = Names()
    for number in range(1_000_000):
        names.add(f"{number}")
    assert all(f"{number}" in names for number in range(1_000_000))
    assert sum(f"other {number}" in names for number in range(100_000)) <= 1


@pytest.mark.integration
def test_a_position_beyond_the_end_is_that_of_a_topic_that_was_made_again(kafka: KafkaSettings) -> None:
    publish(kafka, AUDIO, audio_ready("prepared/a1.flac"))
    consumer = Consumer(client_config(kafka) | {"group.id": f"{kafka.prefix}callsift.transcribe"})
    places = [TopicPartition(*place, 500) for place in topic_ranges(kafka, AUDIO.name)]
    consumer.commit(offsets=places, asynchronous=False)
    consumer.close()
    assert "a1" in fresh(kafka)


@pytest.mark.integration
def test_with_a_wrong_prefix_nothing_is_known(real_kafka: KafkaSettings) -> None:
    wrong = real_kafka.model_copy(update={"prefix": "wrong."})
    with pytest.raises(KafkaUnavailable, match=r"no topic wrong\.calls\.annotations, wrong\.calls\.audio"):
        fresh(wrong)


@pytest.mark.integration
def test_without_brokers_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.kafka.client.ask.__defaults__", (1.0,))  # seconds; commands ask for ten
    with pytest.raises(KafkaUnavailable, match="CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"):
        fresh(KafkaSettings(bootstrap_servers="localhost:1"))
