"""``python -m tests.hostile.demo``: the demo's calls from a transactional producer that compresses, on a real Kafka."""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

from confluent_kafka import Producer
from rich.console import Console

from callsift import calls
from callsift.demonstration import run_demo
from callsift.supervisor import pipeline
from deploy.laptop.kafka import Cluster
from schemas import CallEnded
from store.settings import StoreSettings
from streams.kafka import client_config
from streams.kafka.topic_admin import create_topics
from streams.settings import KafkaSettings
from streams.topics import ENDED

_LIMIT_S = 30.0
console = Console(stderr=True, soft_wrap=True)


def emit_in_a_transaction(kafka: KafkaSettings, ended: Iterable[CallEnded]) -> None:
    """Publish call-ended events in one transaction, compressed with zstd."""
    producer = Producer(client_config(kafka) | {"transactional.id": uuid4().hex, "compression.type": "zstd"})
    producer.init_transactions(_LIMIT_S)
    producer.begin_transaction()
    for call in ended:
        producer.produce(kafka.prefix + ENDED.name, call.model_dump_json().encode(), call.call_id.encode())
    producer.commit_transaction(_LIMIT_S)


def main() -> int:
    """Run; 0 if every call is as expected."""
    log: list[str] = []
    with tempfile.TemporaryDirectory(prefix="callsift-demo-") as folder, Cluster(Path(folder) / "kafka") as cluster:
        create_topics(KafkaSettings(bootstrap_servers=cluster.bootstrap_servers))
        own = {"CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": cluster.bootstrap_servers}
        with (
            patch.dict("os.environ", own),
            patch.object(calls, "emit", emit_in_a_transaction),
            pipeline(Path(folder), log.append) as workers,
        ):
            ended = run_demo(
                workers, StoreSettings(), lambda outcome: console.print(f"{outcome.call_id} {outcome.category}")
            )
    right = sum(call.is_right for call in ended)
    print(f"{right} of {len(ended)} as expected")
    return 0 if right == len(ended) else 1


if __name__ == "__main__":
    sys.exit(main())
