"""What compressing transcripts saves and costs: ``python -m benchmarks.compression``.

Transcripts of about 10 kB, made of turns of the labelled dialogues, go to a real Kafka of its own under every
``CALLSIFT_KAFKA_COMPRESSION``: by a worker's producer (aiokafka, which Faust uses) with as many in flight as a worker
has in work, and by a command's (librdkafka) all at once. It measures the bytes that lie in the broker's log, and the
CPU time of publishing and of reading them back as a worker does.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from agents.classify.labelled import LabelledDialogue, read_labelled_dialogues
from benchmarks.precomputed import TRANSCRIBED
from deploy.laptop.folders import kept_or_temporary
from deploy.laptop.kafka import Cluster
from schemas import Turn, Word
from streams.kafka import client_config, produce
from streams.settings import KafkaSettings, RunnerSettings

CODECS = get_args(KafkaSettings.model_fields["compression"].annotation)
DIALOGUES = Path(__file__).parents[1] / "agents" / "classify" / "offline" / "dialogues"
_SIZE_BYTES = 8_500
_WORD_S = 0.3
_PARTITIONS = 12


@dataclass(frozen=True)
class Found:
    """What one way to publish came to, for each message."""

    producer: str
    compression: str
    stored_bytes: int
    publish_cpu_ms: float
    read_cpu_ms: float


def transcripts(count: int) -> list[tuple[str, bytes]]:
    """Return events as they are on calls.transcripts: turns of the labelled dialogues until it is 10 kB."""
    files = sorted(DIALOGUES.glob("training-*.jsonl"))
    dialogues = read_labelled_dialogues(files)
    chance = random.Random(7)
    return [(f"call-{number:05}", _transcript(f"call-{number:05}", dialogues, chance)) for number in range(count)]


def _transcript(call_id: str, dialogues: list[LabelledDialogue], chance: random.Random) -> bytes:
    def is_enough(turns: Sequence[Turn]) -> bool:
        return sum(len(turn.model_dump_json().encode()) for turn in turns) >= _SIZE_BYTES

    turns = made_of(dialogues, chance, is_enough)
    return TRANSCRIBED.model_copy(update={"call_id": call_id, "turns": turns}).model_dump_json().encode()


def made_of(
    dialogues: list[LabelledDialogue], chance: random.Random, is_enough: Callable[[Sequence[Turn]], bool]
) -> tuple[Turn, ...]:
    """Return turns of dialogues, drawn by chance and one after the other, until they are enough."""
    turns: list[Turn] = []
    while not is_enough(turns):
        said = chance.choice(chance.choice(dialogues).turns)
        begin_s = turns[-1].end_s if turns else 0.0
        words = tuple(_words(said.text, begin_s, chance))
        turns.append(
            Turn(
                speaker=said.speaker,
                text=said.text,
                start_s=begin_s,
                end_s=words[-1].end_s if words else begin_s,
                confidence=round(chance.uniform(0.6, 1), 4),
                words=words,
            )
        )
    return tuple(turns)


def _words(text: str, begin_s: float, chance: random.Random) -> Iterator[Word]:
    for word in text.split():
        end_s = round(begin_s + chance.uniform(0.5, 1.5) * _WORD_S, 2)
        yield Word(text=word, start_s=begin_s, end_s=end_s, confidence=round(chance.uniform(0.3, 1), 6))
        begin_s = end_s


async def _as_a_worker_does(kafka: KafkaSettings, topic: str, messages: list[tuple[str, bytes]]) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers,
        acks=-1,
        linger_ms=0,
        compression_type=None if kafka.compression == "none" else kafka.compression,
    )
    await producer.start()
    window = asyncio.Semaphore(RunnerSettings().window_size)

    async def publish(key: str, value: bytes) -> None:
        async with window:
            await producer.send_and_wait(topic, value, key.encode())

    try:
        await asyncio.gather(*(publish(key, value) for key, value in messages))
    finally:
        await producer.stop()


async def _read(kafka: KafkaSettings, topic: str, count: int) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(_PARTITIONS)])
        while count > 0:
            count -= sum(map(len, (await consumer.getmany(timeout_ms=1000)).values()))
    finally:
        await consumer.stop()


def measure(folder: Path, count: int) -> list[Found]:
    """Return what every producer comes to with every compression."""
    messages = transcripts(count)
    with Cluster(folder / "kafka") as cluster:
        for producer in _PRODUCERS:
            _measured(cluster, folder, producer, "none", messages[:100], topic=f"warm-up-{producer}")
        return [
            _measured(cluster, folder, producer, compression, messages, topic=f"{producer}-{compression}")
            for producer in _PRODUCERS
            for compression in CODECS
        ]


def _measured(
    cluster: Cluster, folder: Path, producer: str, compression: Any, messages: list[tuple[str, bytes]], *, topic: str
) -> Found:
    kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers, compression=compression)
    admin = AdminClient(client_config(kafka))
    admin.create_topics([NewTopic(topic, _PARTITIONS, 1)])[topic].result(30)
    began_s = time.process_time()
    _PRODUCERS[producer](kafka, topic, messages)
    published_s = time.process_time()
    asyncio.run(_read(kafka, topic, len(messages)))
    read_s = time.process_time()
    stored = sum(path.stat().st_size for path in folder.rglob(f"{topic}-*/*.log"))
    each = 1 / len(messages)
    print(f"{topic}: {stored * each:,.0f} bytes", file=sys.stderr)
    return Found(
        producer,
        compression,
        stored_bytes=round(stored * each),
        publish_cpu_ms=round((published_s - began_s) * 1000 * each, 3),
        read_cpu_ms=round((read_s - published_s) * 1000 * each, 3),
    )


def _by_worker(kafka: KafkaSettings, topic: str, messages: list[tuple[str, bytes]]) -> None:
    asyncio.run(_as_a_worker_does(kafka, topic, messages))


_PRODUCERS = {"worker": _by_worker, "command": produce}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=5000, help="transcripts for each measurement")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    with kept_or_temporary(None, "callsift-compression-") as folder:
        figures: list[dict[str, Any]] = [asdict(found) for found in measure(folder, arguments.messages)]
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    print("| producer | compression | bytes stored | CPU to publish (ms) | CPU to read (ms) |\n|---|---|---|---|---|")
    for row in figures:
        print("|", " | ".join(str(value) for value in row.values()), "|")


if __name__ == "__main__":
    main()
