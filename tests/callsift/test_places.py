"""Every place where personal data is is in the table of docs/privacy.md, with who reads it and how long it stays."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pymongo
import pytest
from confluent_kafka.admin import AdminClient

from callsift.demo_files import RECORDINGS
from schemas import Event
from streams.kafka import client_config, users, wanted_topics
from streams.payloads import FOLDERS
from streams.settings import RETAINED, KafkaSettings, RetentionSettings
from streams.topics import ALL_TOPICS, SEGMENT_S, AnyTopic
from tests.callsift.conftest import Up
from tests.test_rooms import MODULES, ROOT

DAY_S = 24 * 3600
each_topic = pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda topic: topic.name)


COLLECTIONS = {"calls"} | {
    f"calls_{name}"
    for path in (ROOT / "store").glob("*.py")
    for name in re.findall(r'\.beside\("(\w+)"\)', path.read_text(encoding="utf-8"))
}


class Place(NamedTuple):
    name: str
    of_a_person: str
    readers: str
    how_long: str
    removed_by: str


def table() -> Iterator[Place]:
    page = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    section = page.partition("\n## Where it is\n")[2].partition("\n## ")[0]
    for line in re.findall(r"^\| (.+) \|$", section, re.MULTILINE)[1:]:
        yield Place(*line.split(" | "))


PLACES = {place.name: place for place in table()}


def named(pattern: str) -> set[str]:
    return {match[1] for name in PLACES if (match := re.search(pattern, name))}


def test_the_topics_of_the_table_are_those_of_the_catalogue() -> None:
    assert named(r"^`(calls\.[\w.-]+)`$") == {topic.name for topic in ALL_TOPICS}
    assert set(wanted_topics(KafkaSettings(prefix=""))) == {topic.name for topic in ALL_TOPICS}


@each_topic
def test_the_readers_of_a_topic_are_those_that_its_access_rules_let_read(topic: AnyTopic) -> None:
    may_read = {
        user.runs
        for user in users(KafkaSettings(prefix=""))
        for rule in user.rules
        if (rule.resource, rule.name) == ("topic", topic.name) and "Read" in rule.operations
    }
    assert set(re.findall(r"`(\w+)`", PLACES[f"`{topic.name}`"].readers)) == may_read


@each_topic
def test_a_topic_keeps_its_messages_as_long_as_the_table_says(topic: AnyTopic) -> None:
    place = PLACES[f"`{topic.name}`"]
    if topic.retention_s is None:
        assert place.how_long == "for ever"
    else:
        shortest, longest = topic.retention_s // DAY_S, (topic.retention_s + SEGMENT_S) // DAY_S
        assert place.how_long == f"{shortest} to {longest} days"
        assert place.removed_by.startswith("Kafka")
    if not issubclass(topic.content, Event):
        assert re.search("nothing|identifiers", place.of_a_person)


def test_the_folders_and_the_collection_of_the_table_are_those_of_the_code() -> None:
    assert named(r"^`(\w+)/`$") == {folder.name for folder in FOLDERS}
    assert named("^collection `(.+)` in MongoDB$") == COLLECTIONS
    days = RetentionSettings().audio_store_days
    assert {PLACES[f"`{folder.name}/`"].how_long for folder in FOLDERS} == {f"{days:g} days"}


def test_every_setting_of_the_retention_removes_something() -> None:
    said = {name.lower() for place in PLACES.values() for name in re.findall(r"`(\w+)_DAYS`", place.removed_by)}
    assert said == set(RETAINED)


def test_the_temporary_folders_of_the_table_are_those_that_the_code_makes() -> None:
    made = {
        str(keyword.value.value)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("tempfile.") and node.keywords
        for keyword in node.keywords
        if keyword.arg == "prefix" and isinstance(keyword.value, ast.Constant)
    }
    assert {prefix + "*" for prefix in made} == named("^temporary `(.+?)`")
    calls = [
        ast.unparse(node)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("tempfile.")
    ]
    assert [call for call in calls if "prefix=" not in call and call != "tempfile.gettempdir()"] == []


@pytest.mark.integration
def test_a_pipeline_has_made_nothing_that_the_table_does_not_name(up: Up, tmp_path: Path) -> None:
    up.emit(RECORDINGS / "leaking-washing-machine.wav")
    environment = up.state["environment"]
    kafka = KafkaSettings(bootstrap_servers=environment["CALLSIFT_KAFKA_BOOTSTRAP_SERVERS"])
    topics = {name for name in AdminClient(client_config(kafka)).list_topics(timeout=30).topics if name[:2] != "__"}
    assert topics - named(r"^`(calls\.[\w.-]+)`$") == set()
    with pymongo.MongoClient[dict[str, object]](environment["CALLSIFT_MONGO_URI"]) as client:
        databases = set(client.list_database_names()) - {"admin", "config", "local"}
        collections = {name for database in databases for name in client[database].list_collection_names()}
    assert {"calls"} <= collections <= named("^collection `(.+)` in MongoDB$")
    store = Path(environment["CALLSIFT_AUDIO_STORE_URI"].removeprefix("file://"))
    folders = {path.name for path in store.iterdir()}
    assert {"recordings", "prepared"} <= folders <= named(r"^`(\w+)/`$")
