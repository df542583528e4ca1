"""A producer as transactional as others' are."""

from uuid import uuid4

from confluent_kafka import Producer

from callsift.calls import call_ended
from schemas import OneFile
from streams.kafka import client_config
from streams.kafka.producer import PARTITIONER
from streams.settings import KafkaSettings


class TransactionalProducer:
    """Publishes calls in transactions."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Begin the first transaction."""
        self._topic = kafka.prefix + "calls.ended"
        own = {"transactional.id": uuid4().hex, "partitioner": PARTITIONER}
        self._producer = Producer(client_config(kafka) | own)
        self._producer.init_transactions(30)
        self._producer.begin_transaction()

    def put(self, *call_ids: str, partition: int = 0) -> None:
        """Publish calls, which nobody may read yet."""
        for call_id in call_ids:
            value = call_ended(call_id, OneFile(uri="file:///precomputed.wav")).model_dump_json()
            self._producer.produce(self._topic, value, call_id, partition=partition)
        assert self._producer.flush(30) == 0

    def commit(self) -> None:
        """Let everybody read them, and begin anew."""
        self._producer.commit_transaction(30)
        self._producer.begin_transaction()

    def abort(self) -> None:
        """Take them back, and begin anew."""
        self._producer.abort_transaction(30)
        self._producer.begin_transaction()
