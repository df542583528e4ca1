"""Tells callsift of calls that are over: python publish.py CALL_ID... (pip install confluent-kafka)."""

import json
import os
import sys
from datetime import UTC, datetime, timedelta

from confluent_kafka import KafkaError, Message, Producer

producer = Producer(
    {
        "bootstrap.servers": os.environ.get("BOOTSTRAP_SERVERS", "localhost:9092"),
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",  # as Java's; librdkafka's own default is another
    }
)
topic = os.environ.get("TOPIC", "calls.ended")
unconfirmed = set(sys.argv[1:])


def confirmed(error: KafkaError | None, message: Message) -> None:
    """Note what the brokers have, or say why they do not."""
    key = (message.key() or b"").decode()
    if error is None:
        unconfirmed.discard(key)
    else:
        print(f"{key}: {error}", file=sys.stderr)


for call_id in sys.argv[1:]:
    ended = datetime.now(UTC)
    event = {
        "call_id": call_id,
        "started_at": (ended - timedelta(seconds=95)).isoformat(),
        "ended_at": ended.isoformat(),
        "direction": "inbound",
        "caller": "+905551112233",
        "agent_id": "ayşe",
        "queue": "sales",
        "recording": {
            "uri": f"https://pbx.example.com/recordings/{call_id}.wav",
            "channels": {"customer": 0, "agent": 1},
        },
    }
    producer.produce(topic, json.dumps(event).encode(), call_id.encode(), on_delivery=confirmed)

producer.flush()
sys.exit(1 if unconfirmed else 0)
