"""The access rules: made from the catalogue, and enough, but no more than enough, for a real broker's authorizer."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient

from deploy.laptop.kafka import Security
from schemas import CallEnded, DeadLetter, Forgotten
from sources.intake import Intake
from sources.observation import Observation
from streams.dead_letters import read_letters, read_replays, replay
from streams.health import Health
from streams.kafka import AwaitedProducer
from streams.kafka.acls import API, OPERATIONS, SCALER, SOURCE, TOOLS, Rule, User, kubernetes_name
from streams.kafka.brake_topic import notices, publish_notice
from streams.kafka.client import KafkaUnavailable, client_config
from streams.kafka.forgotten import publish_forgotten
from streams.kafka.groups import committed
from streams.kafka.kept_positions import keep_positions
from streams.kafka.lag import consumer_lag
from streams.kafka.outcomes import publish_tombstones
from streams.kafka.producer import produce
from streams.kafka.ranges import BrokerView
from streams.kafka.reader import TopicReader
from streams.message import ORIGIN, Message, Tries
from streams.monitor import CallsUnderWay, Observer
from streams.processing.runner import PATIENCE
from streams.retention import waiting_of
from streams.retry_mover import RetryMover
from streams.settings import KafkaSettings
from streams.topics import (
    ALL_TOPICS,
    AUDIT,
    BRAKES,
    CONSUMED,
    DEAD_LETTER,
    ENDED,
    FORGOTTEN,
    OUTCOMES,
    REPROCESS,
    RETRIES,
    STAGES,
    WEBHOOKS_GROUP,
    Stage,
    Topic,
)
from tests import patience
from tests.callsift import terminal
from tests.patience import PATIENCE_S
from tests.schemas.examples import dead_letter
from tests.servers.certificates import make_certificates
from tests.servers.kafka import own_cluster
from tests.streams.guarded import KAFKAS_NAMES, PASSWORD, PREFIX, PROPERTIES, USERS, Guarded
from tests.streams.guarded_worker import EXAMPLES

until = partial(patience.until, within_s=120.0)

ROOT = Path(__file__).parents[3]


def of(runs: str, resource: str, operation: str) -> set[str]:
    """Names, without prefix, of what a user may do something with."""
    rules = USERS[runs].rules
    return {
        rule.name.removeprefix(PREFIX) for rule in rules if rule.resource == resource and operation in rule.operations
    }


@pytest.mark.parametrize("stage", STAGES.values(), ids=lambda stage: stage.name)
def test_a_stage_reads_what_it_takes_and_writes_what_can_come_of_it(stage: Stage) -> None:
    assert of(stage.name, "topic", "Read") == {topic.name for topic in (*stage.consumes, BRAKES, FORGOTTEN)}
    written = (stage.produces, *stage.also_produces, *RETRIES, DEAD_LETTER, BRAKES)
    assert of(stage.name, "topic", "Write") == {topic.name for topic in written}
    assert of(stage.name, "group", "Read") == {f"callsift.{stage.name}"}


def test_no_user_may_do_more_than_read_and_write_what_callers_said() -> None:
    for user in USERS.values():
        allowed = {operation for rule in user.rules for operation in rule.operations}
        assert allowed <= {"Read", "Write", "Describe"} or user.runs == TOOLS
    assert not of("monitor", "topic", "Write")
    assert of(TOOLS, "topic", "Delete") == {DEAD_LETTER.name}


def test_the_prefix_is_before_every_name_and_every_resource_is_named_once() -> None:
    for user in USERS.values():
        assert user.name.startswith(PREFIX)
        names = [(rule.resource, rule.name) for rule in user.rules]
        assert all(name.startswith(PREFIX) for _, name in names)
        assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["calls.ended", "Blue_1.calls.ended", "..x", "-a.-b-", "a_b", "a-B"])
def test_a_name_for_kubernetes_is_one_and_two_names_stay_two(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", kubernetes_name(name))
    assert (kubernetes_name(name) == name) is (name == "calls.ended")
    assert kubernetes_name(name.swapcase()) != kubernetes_name(name)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    certificates = make_certificates(tmp_path_factory.mktemp("certificates"))
    security = Security(certificates.server, certificates.authority, {user.name: PASSWORD for user in USERS.values()})
    with own_cluster(tmp_path_factory.mktemp("guarded"), security=security, properties=PROPERTIES) as cluster:
        made = Guarded(cluster, certificates)
        made.allow((user, rule) for user in USERS.values() for rule in user.rules)
        created = terminal.run(made.variables(TOOLS), "topics", "create", "--json")
        assert created.returncode == 0, created.stderr
        # Brokers make the topic of the groups' positions when a group is asked about for the first time.
        until(lambda: consumer_lag(made.admin, "first", [(f"{PREFIX}calls.ended", 0)]) is not None, str)
        yield made


@pytest.mark.integration
@pytest.mark.parametrize("runs", USERS)
def test_the_broker_allows_each_user_exactly_what_its_rules_say(runs: str, guarded: Guarded) -> None:
    client = AdminClient(client_config(guarded.settings(runs)))
    topics = TopicCollection([PREFIX + topic.name for topic in ALL_TOPICS])
    own = (*(stage.group for stage in STAGES.values()), "callsift.retry", WEBHOOKS_GROUP)
    groups = [PREFIX + group for group in own]
    asked = {
        **client.describe_topics(topics, include_authorized_operations=True),
        **client.describe_consumer_groups(groups, include_authorized_operations=True),
    }
    allowed: dict[str, set[AclOperation]] = {}
    for name, future in asked.items():
        try:
            allowed[name] = set(future.result(30).authorized_operations)
        except KafkaException as error:
            refusals = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}
            assert error.args[0].code() in refusals, name
    # Whoever may read, write or delete may describe.
    assert allowed == {
        rule.name: {KAFKAS_NAMES[operation] for operation in rule.operations} | {AclOperation.DESCRIBE}
        for rule in USERS[runs].rules
    }


def give(kafka: KafkaSettings, stage: Stage, *calls: str) -> None:
    """Publish calls where a stage takes them from; of those called later-N it seems that they were retried N times."""
    producer = Producer(client_config(kafka))
    topic = stage.consumes[0]
    for call_id in calls:
        value = EXAMPLES[topic.content].model_copy(update={"call_id": call_id}).model_dump_json().encode()
        message = Message(topic, 0, 0, call_id.encode(), value)
        retries = int(call_id.removeprefix("later-")) if call_id.startswith("later-") else 0
        tries = Tries(datetime.now(UTC), made=retries, retries=retries - 1) if retries else None
        headers: list[tuple[str, str | bytes | None]] = [*tries.headers(message)] if tries else []
        producer.produce(kafka.prefix + topic.name, value, message.key, headers=headers)
    assert producer.flush(30) == 0


@pytest.mark.integration
def test_a_stage_without_one_of_its_rules_for_reading_does_not_take(guarded: Guarded) -> None:
    user, stage = USERS["classify"], STAGES["classify"]
    kafka = guarded.settings(user.runs)
    give(guarded.admin, stage, "seen")

    def reading(name: str) -> list[tuple[User, Rule]]:
        return [(user, Rule(rule.resource, rule.name, ("Read",))) for rule in user.rules if rule.name == PREFIX + name]

    def taken() -> KafkaError | None:
        own = {"group.id": PREFIX + stage.group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
        consumer = Consumer(client_config(kafka) | own)
        consumer.subscribe([PREFIX + topic.name for topic in stage.consumes])
        try:
            deadline = time.monotonic() + PATIENCE_S
            while (message := consumer.poll(0.5)) is None:
                assert time.monotonic() < deadline
            return message.error()
        finally:
            consumer.close()

    assert taken() is None
    with guarded.without(reading(stage.group)):
        until(lambda: (error := taken()) is not None and error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED, str)
    with guarded.without(reading(stage.consumes[0].name)):
        until(lambda: (error := taken()) is not None and error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, str)
    # The brake's topic may still be written, so that it is known; it is the reading that fails.
    with guarded.without(reading(BRAKES.name)), pytest.raises(KafkaUnavailable):
        list(TopicReader(kafka, BRAKES.name, from_start=True).up_to_now(2))


@contextmanager
def worker(guarded: Guarded, stage: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
    settings = {
        "CALLSIFT_RUNNER_WINDOW_SIZE": str(2 * PATIENCE.brake_sample),  # what is not confirmed holds its slot
        "CALLSIFT_HTTP_PORT": "127.0.0.1:0",
        "CALLSIFT_RUNNER_QUICK_TRIES": "1",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.streams.guarded_worker", stage],
            env=own | guarded.variables(stage) | settings,
            stdout=output,
            stderr=output,
            cwd=ROOT,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def lying_on(kafka: KafkaSettings, topic: str) -> list[bytes]:
    reader = TopicReader(kafka, topic, from_start=True)
    try:
        return list(reader.up_to_now())
    finally:
        reader.close()


@pytest.mark.integration
def test_a_worker_does_all_its_work_with_its_rules_and_no_part_whose_rule_is_missing(
    guarded: Guarded, tmp_path: Path
) -> None:
    user, stage, log = USERS["classify"], STAGES["classify"], tmp_path / "log"
    written = of(stage.name, "topic", "Write")
    writing = [(user, Rule("topic", PREFIX + name, ("Write",))) for name in written]

    def refused() -> set[str]:
        text = log.read_text()
        brake = {BRAKES.name} if "brake not confirmed" in text else set()
        return set(re.findall(r"not confirmed, trying again.* topic=(\S+)", text)) | brake

    def wait(found: Callable[[], bool]) -> None:
        until(found, log.read_text)

    with worker(guarded, stage.name, log):
        give(guarded.admin, stage, "first")
        wait(partial(lies_on, guarded.admin, stage.produces, "first"))
        with guarded.without(writing):
            give(guarded.admin, stage, "good", "twofold", "bad", "later-0", "later-1", "later-2")
            wait(lambda: refused() == written - {BRAKES.name})
            give(guarded.admin, stage, *(f"bad-{number}" for number in range(PATIENCE.brake_sample)))
            wait(lambda: refused() == written)
            assert not lies_on(guarded.admin, stage.produces, "good")
            assert not lies_on(guarded.admin, DEAD_LETTER, "bad")
        wait(partial(lies_on, guarded.admin, stage.produces, "good"))
        wait(partial(lies_on, guarded.admin, DEAD_LETTER, "bad"))
        for number, topic in enumerate(RETRIES):
            wait(partial(lies_on, guarded.admin, topic, f"later-{number}"))
        for topic in stage.also_produces:
            wait(partial(lies_on, guarded.admin, topic, str(EXAMPLES[topic.content].model_dump()["call_id"])))
        wait(lambda: stage.name in notices(guarded.admin))
        places = list(BrokerView(guarded.admin).ranges(PREFIX + topic.name for topic in stage.consumes))
        wait(lambda: any(committed(guarded.admin, {PREFIX + stage.group: places}).values()))


def lies_on(kafka: KafkaSettings, topic: Topic, call_id: str) -> bool:
    return call_id in [json.loads(value).get("call_id") for value in lying_on(kafka, topic.name)]


@pytest.mark.integration
def test_the_mover_brings_back_what_is_due_with_its_rules_alone(guarded: Guarded) -> None:
    producer = Producer(client_config(guarded.admin))
    for number, topic in enumerate(CONSUMED):
        headers: list[tuple[str, str | bytes | None]] = [(ORIGIN, topic.name)]
        retry = RETRIES[number % len(RETRIES)]
        producer.produce(PREFIX + retry.name, b'{"call_id": "moved"}', b"moved", headers=headers)
    assert producer.flush(30) == 0
    in_an_hour = RetryMover(guarded.settings("retry"), now_s=lambda: time.time() + 2 * 3600)
    stopping = threading.Event()
    moving = threading.Thread(target=in_an_hour.run, args=(Health(), stopping.is_set))
    moving.start()
    try:
        for topic in CONSUMED:
            until(partial(lies_on, guarded.admin, topic, "moved"), partial(str, topic.name))
    finally:
        stopping.set()
        moving.join()
    places = [(PREFIX + topic.name, number) for topic in RETRIES for number in range(topic.partitions)]
    until(lambda: consumer_lag(guarded.admin, f"{PREFIX}callsift.retry", places) == 0, str)


@pytest.mark.integration
def test_the_monitor_sees_everything_with_its_rules_alone(guarded: Guarded) -> None:
    kafka = guarded.settings("monitor")
    status = Observer(kafka).look()
    assert {group.name for group in status.groups} == {*STAGES, "retry"}
    assert all(group.partitions and group.members is not None for group in status.groups)
    publish_notice(guarded.admin, "audio", applied=False, reason="")
    assert "audio" in notices(kafka)


@pytest.mark.integration
def test_the_api_publishes_its_audit_and_sees_where_calls_are_and_publishes_no_outcome(guarded: Guarded) -> None:
    kafka = guarded.settings(API)
    produce(kafka, AUDIT.name, [("entry", b"{}")])
    produce(kafka, ENDED.name, [("call-of-the-api", b"{}")])
    calls = CallsUnderWay(kafka, 100)
    calls.look()
    assert (found := calls.find("call-of-the-api")) is not None
    assert found.place.stage == "audio"
    calls.close()
    with pytest.raises(KafkaUnavailable):
        produce(kafka, OUTCOMES.name, [("call", b"{}")])


@pytest.mark.integration
async def test_a_way_in_hands_calls_in_with_its_rules_alone_and_sees_none(guarded: Guarded) -> None:
    kafka = guarded.settings(SOURCE)
    producer = AwaitedProducer(kafka)
    try:
        [taken] = await Intake(producer).take([Observation("pbx", EXAMPLES[CallEnded].model_dump(mode="json"))])
    finally:
        producer.close()
    assert isinstance(taken, CallEnded)
    assert lies_on(guarded.admin, ENDED, taken.call_id)
    with pytest.raises(KafkaUnavailable):
        lying_on(kafka, ENDED.name)
    with pytest.raises(KafkaUnavailable):
        produce(kafka, OUTCOMES.name, [("call", b"{}")])


@pytest.mark.integration
def test_the_api_classifies_again_and_replays_dead_letters(guarded: Guarded) -> None:
    kafka = guarded.settings(API)
    produce(kafka, REPROCESS.name, [("call", b"{}")])
    letter = dead_letter().model_copy(update={"gave_up_at": datetime(2026, 1, 2, tzinfo=UTC)})
    produce(guarded.admin, DEAD_LETTER.name, [("letter", letter.model_dump_json().encode())])
    assert letter.event_id in {one.event_id for one in read_letters(kafka)}
    assert [refusal for _, refusal in replay(kafka, [letter])] == [None]
    assert letter.event_id in read_replays(kafka)


@pytest.mark.integration
@pytest.mark.parametrize("runs", [API, OPERATIONS])
def test_the_api_and_its_worker_see_what_waits_and_act_on_calls_with_their_rules_alone(
    runs: str, guarded: Guarded
) -> None:
    kafka = guarded.settings(runs)
    letter = EXAMPLES[DeadLetter].model_copy(update={"event_id": f"letter-{runs}"})
    produce(guarded.admin, DEAD_LETTER.name, [("letter", letter.model_dump_json().encode())])
    [found] = [one for one in read_letters(kafka) if one.event_id == letter.event_id]
    assert [refusal for _, refusal in replay(kafka, [found])] == [None]
    for stage in STAGES.values():  # handing in, and classifying again
        produce(kafka, stage.consumes[0].name, [(f"by-{runs}", b"{}")])
    assert f"by-{runs}" in {one.call_id for one in waiting_of(kafka, lambda *_: True)}


@pytest.mark.integration
def test_only_the_worker_of_operations_can_have_a_call_forgotten(guarded: Guarded) -> None:
    call = Forgotten(call_id="erased", forgotten_at=datetime.now(UTC), by="a test")
    publish_forgotten(guarded.settings(OPERATIONS), [call])
    publish_tombstones(guarded.settings(OPERATIONS), [call.call_id])
    with pytest.raises(KafkaUnavailable):
        publish_forgotten(guarded.settings(API), [call])


@pytest.mark.integration
def test_every_command_that_asks_the_brokers_works_for_the_tools(guarded: Guarded, tmp_path: Path) -> None:
    store = {"CALLSIFT_AUDIO_STORE_URI": f"file://{tmp_path}/audio", "CALLSIFT_HOME": str(tmp_path)}
    recording = tmp_path / "call.wav"
    recording.write_bytes(b"RIFF")
    letter = EXAMPLES[DeadLetter].model_copy(update={"gave_up_at": datetime(2026, 1, 1, tzinfo=UTC)})
    produce(guarded.admin, DEAD_LETTER.name, [("old", letter.model_dump_json().encode())])

    def run(*arguments: str) -> str:
        ended = terminal.run(guarded.variables(TOOLS) | store, *arguments)
        assert ended.returncode == 0, (arguments, ended.stderr)
        return ended.stdout

    assert len(json.loads(run("topics", "list", "--json"))) == len(ALL_TOPICS)
    run("topics", "create", "--check")
    run("emit", str(recording))
    run("outcomes", "tail", "--from-start", "--seconds", "0.1")
    assert str(letter.event_id) in run("dlq", "list", "--json")
    run("dlq", "replay", str(letter.event_id))
    run("brake", "apply", "sink")
    run("brake", "release", "sink")
    assert "sink" in run("brake", "list", "--json")
    found = json.loads(run("status", "--json"))
    assert {group["name"] for group in found["groups"]} == {*STAGES, "retry"}
    assert None not in {group["members"] for group in found["groups"]}
    assert {kind["kind"] for kind in json.loads(run("retention", "run", "--dry-run", "--json"))} >= {"dead letters"}
    assert keep_positions(guarded.settings(TOOLS)) > 0


@pytest.mark.integration
def test_an_autoscaler_sees_lag_and_reads_nothing(guarded: Guarded) -> None:
    kafka, stage = guarded.settings(SCALER), STAGES["reprocess"]
    places = list(BrokerView(kafka).ranges([PREFIX + topic.name for topic in stage.consumes]))
    assert places
    committed(kafka, {PREFIX + stage.group: places})
    with pytest.raises(KafkaUnavailable):
        list(TopicReader(kafka, stage.consumes[0].name, from_start=True).up_to_now(2))
