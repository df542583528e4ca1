"""Noting who reads, hears or changes what."""

import asyncio
import logging
import secrets
from datetime import UTC, datetime, timedelta

from fastapi import Request

from api.access.principal import Principal
from api.tracing import trace_id
from schemas import AuditEntry
from store.audit import AuditStore
from streams.errors import CallsiftError
from streams.kafka import produce
from streams.settings import KafkaSettings
from streams.topics import AUDIT

logger = logging.getLogger(__name__)
_AT_ONCE = 500
_PAUSE_S = 2.0
_BETWEEN_REMOVALS_S = 3600.0


class Audit:
    """Notes an action in the store before it is answered: what is not noted does not happen."""

    def __init__(self, entries: AuditStore) -> None:
        """Write to a store."""
        self._entries = entries

    async def record(self, who: Principal, action: str, call_id: str | None, request: Request) -> None:
        """Note that somebody does something, with a call or with many (None).

        Raises:
            MongoUnavailable: It cannot be noted.
        """
        entry = AuditEntry(
            entry_id=secrets.token_hex(16),
            who=who.name,
            action=action,
            call_id=call_id,
            trace_id=trace_id(request),
            at=datetime.now(UTC),
        )
        await self._entries.add(entry)


async def publish_audit(entries: AuditStore, kafka: KafkaSettings) -> int:
    """Publish entries that Kafka does not have yet; returns how many.

    While Kafka is away they wait in the store, and nobody waits for them. Who dies in between publishes them again.

    Raises:
        KafkaUnavailable: The brokers do not confirm.
        MongoUnavailable: The store did not answer.
    """
    found = await entries.unpublished(_AT_ONCE)
    if found:
        messages = [(entry.entry_id, entry.model_dump_json().encode()) for entry in found]
        await asyncio.to_thread(produce, kafka, AUDIT.name, messages)
        await entries.published(found)
    return len(found)


async def keep_audit(entries: AuditStore, kafka: KafkaSettings, kept: timedelta | None) -> None:
    """Publish what is noted, and remove what is older than it is kept (None: for ever), until cancelled."""
    loop = asyncio.get_running_loop()
    remove_at = loop.time()
    while True:
        try:
            if kept is not None and loop.time() >= remove_at:
                await entries.delete_before(datetime.now(UTC) - kept)
                remove_at = loop.time() + _BETWEEN_REMOVALS_S
            if await publish_audit(entries, kafka) == _AT_ONCE:
                continue
        except CallsiftError as error:
            logger.warning("the audit is not published, trying again", extra={"error": error.message})
        await asyncio.sleep(_PAUSE_S)
