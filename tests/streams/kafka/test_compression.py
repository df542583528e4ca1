"""Every codec that Kafka knows is read, and the one that the settings name is published, by all clients alike."""

import time
from pathlib import Path
from typing import get_args

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from callsift.calls import call_ended, emit
from schemas import CallEnded, OneFile
from streams.kafka.client import KafkaUnavailable, client_config
from streams.kafka.producer import produce
from streams.kafka.reader import TopicReader
from streams.settings import KafkaSettings
from streams.topics import AUDIO, ENDED, Topic
from tests.streams.faust_worker.test_worker import arrived, worker

pytestmark = [pytest.mark.integration, pytest.mark.slow]  # make test-slow

COMPRESSIONS = get_args(KafkaSettings.model_fields["compression"].annotation)
CODECS = [name for name in COMPRESSIONS if name != "none"]
SMALL = {"max.message.bytes": "3000"}
"""What a large call fits into only if it is compressed: brokers measure a batch as it is sent."""


def large_call(call_id: str) -> CallEnded:
    call = call_ended(call_id, OneFile(uri="file:///precomputed.wav"))
    return call.model_copy(update={"metadata": {"note": "the same again, " * 700}})


def compressing(kafka: KafkaSettings, compression: str) -> KafkaSettings:
    return KafkaSettings.model_validate(kafka.model_dump() | {"compression": compression})


def alter(kafka: KafkaSettings, topic: Topic, **properties: str) -> None:
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in properties.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, kafka.prefix + topic.name, incremental_configs=entries)
    admin = AdminClient(client_config(kafka))
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(30)
    asked = ConfigResource(ResourceType.TOPIC, kafka.prefix + topic.name)
    deadline = time.monotonic() + 30
    while True:  # a broker hears of it a moment later
        [future] = admin.describe_configs([asked]).values()
        found = future.result(30)
        if all(found[name].value == value for name, value in properties.items()):
            return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_codecs_are_those_of_kafka() -> None:
    assert set(CODECS) == {"gzip", "snappy", "lz4", "zstd"}


def test_one_worker_reads_every_codec(kafka: KafkaSettings, tmp_path: Path) -> None:
    for compression in COMPRESSIONS:
        emit(compressing(kafka, compression), [large_call(f"call-{compression}")])
    with worker(kafka, tmp_path / "worker.log", "tests.chaos.worker", "audio") as running:
        arrived(kafka, *(f"call-{compression}" for compression in COMPRESSIONS))
        assert running.poll() is None


def test_a_topic_whose_broker_compresses_is_read(real_kafka: KafkaSettings, tmp_path: Path) -> None:
    alter(real_kafka, ENDED, **{"compression.type": "lz4"})
    emit(real_kafka, [large_call(f"call-{number}") for number in range(20)])
    with worker(real_kafka, tmp_path / "worker.log", "tests.chaos.worker", "audio") as running:
        arrived(real_kafka, *(f"call-{number}" for number in range(20)))
        assert running.poll() is None


@pytest.mark.parametrize("codec", CODECS)
def test_a_worker_publishes_in_the_codec_that_is_set(real_kafka: KafkaSettings, tmp_path: Path, codec: str) -> None:
    alter(real_kafka, AUDIO, **SMALL)
    emit(real_kafka, [large_call("call")])
    log = tmp_path / "worker.log"
    with worker(real_kafka, log, "tests.chaos.worker", "audio", CALLSIFT_KAFKA_COMPRESSION=codec):
        arrived(real_kafka, "call")


@pytest.mark.parametrize("codec", CODECS)
def test_a_plain_producer_publishes_in_the_codec_that_is_set(real_kafka: KafkaSettings, codec: str) -> None:
    alter(real_kafka, ENDED, **SMALL)
    value = large_call("call").model_dump_json().encode()
    with pytest.raises(KafkaUnavailable):
        produce(real_kafka, ENDED.name, [("call", value)], timeout_s=5)
    produce(compressing(real_kafka, codec), ENDED.name, [("call", value)])
    reader = TopicReader(real_kafka, ENDED.name, from_start=True)
    assert list(reader.up_to_now()) == [value]
    reader.close()
