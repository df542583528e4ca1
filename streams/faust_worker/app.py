"""The Faust application of a stage.

The settings are the ones that held under faults (docs/delivery.md); what is set here and why is in docs/decisions/0001.
"""

import tempfile

import faust

from streams.faust_worker.quiet import NoTables, QuietMonitor
from streams.kafka.security import tls_context
from streams.settings import KafkaSettings
from streams.topics import LARGEST_MESSAGE_BYTES, Stage


def make_app(stage: Stage, kafka: KafkaSettings) -> faust.App:
    """Make the Faust application of a stage: one consumer group, no tables, no web server, nothing declared."""
    return faust.App(
        kafka.prefix + stage.group,
        broker=[f"kafka://{address.strip()}" for address in kafka.bootstrap_servers.split(",")],
        broker_credentials=_credentials(kafka),
        store="memory://",
        datadir=tempfile.gettempdir(),
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        key_serializer="raw",
        value_serializer="raw",
        # A rebalance must not wait for a call that takes minutes; the window makes that safe and waits a moment itself.
        stream_wait_empty=False,
        TableManager=NoTables,
        Monitor=QuietMonitor,
        broker_session_timeout=kafka.session_timeout_s,
        broker_heartbeat_interval=kafka.heartbeat_interval_s,
        broker_request_timeout=kafka.request_timeout_s,
        broker_rebalance_timeout=kafka.rebalance_timeout_s,
        broker_commit_interval=kafka.commit_interval_s,
        broker_max_poll_interval=300.0,
        # A topic that is created later is noticed within this time; the default is five minutes.
        consumer_metadata_max_age_ms=10_000,
        producer_metadata_max_age_ms=10_000,
        producer_request_timeout=30.0,
        producer_acks=-1,
        producer_max_request_size=LARGEST_MESSAGE_BYTES,
        producer_linger=0.0,
        producer_compression_type=None if kafka.compression == "none" else kafka.compression,
        # Every message is a batch of its own: what the broker says of a batch is then said of one message.
        producer_max_batch_size=1,
    )


def _credentials(kafka: KafkaSettings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    context = tls_context(kafka)
    if kafka.uses_sasl and kafka.password:
        return faust.SASLCredentials(
            username=kafka.username,
            password=kafka.password.get_secret_value(),
            mechanism=kafka.sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None
