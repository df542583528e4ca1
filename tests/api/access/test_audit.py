"""Who does what is noted, and published when Kafka is there."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import Request

from api.access import Principal
from api.access.audit import publish_audit
from api.services import Services
from schemas import AuditEntry
from store.audit import AuditStore
from streams.errors import CallsiftError
from streams.kafka.reader import TopicReader
from streams.settings import KafkaSettings
from streams.topics import AUDIT

pytestmark = pytest.mark.integration
REQUEST = Request({"type": "http", "headers": [], "state": {"trace_id": "a" * 32}})


async def test_what_is_noted_comes_to_the_topic_once_kafka_is_there(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = AuditStore(services.database)
    await services.audit.record(Principal("key 1 (test)", frozenset()), "listened", "call-1", REQUEST)
    [noted] = await entries.unpublished(10)
    assert (noted.who, noted.action, noted.call_id, noted.trace_id) == ("key 1 (test)", "listened", "call-1", "a" * 32)
    monkeypatch.setattr("streams.kafka.producer.produce.__defaults__", (1.0,))
    with pytest.raises(CallsiftError):
        await publish_audit(entries, KafkaSettings(bootstrap_servers="127.0.0.1:1"))
    assert await entries.unpublished(10) == [noted]
    assert await publish_audit(entries, services.kafka) == 1
    assert await publish_audit(entries, services.kafka) == 0
    reader = TopicReader(services.kafka, AUDIT.name, from_start=True)
    assert noted in [AuditEntry.model_validate_json(value) for value in reader.up_to_now() if value]
    reader.close()


async def test_old_entries_go_once_kafka_has_them(services: Services) -> None:
    entries, now = AuditStore(services.database), datetime.now(UTC)
    for name, age in (("old", 10), ("new", 1)):
        await entries.add(
            AuditEntry(
                entry_id=name, who="x", action="listened", call_id=None, trace_id="", at=now - timedelta(days=age)
            )
        )
    assert await entries.delete_before(now - timedelta(days=5)) == 0
    await entries.published(await entries.unpublished(10))
    assert await entries.delete_before(now - timedelta(days=5)) == 1
