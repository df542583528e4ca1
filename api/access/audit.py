"""Noting who reads, hears or changes what."""

from datetime import UTC, datetime

from fastapi import Request

from api.access.principal import Principal
from api.tracing import trace_id
from store.audit import AuditStore


class Audit:
    """Notes an action before it is answered: what is not noted does not happen."""

    def __init__(self, entries: AuditStore) -> None:
        """Write to a store."""
        self._entries = entries

    async def record(self, who: Principal, action: str, call_id: str | None, request: Request) -> None:
        """Note that somebody does something, with a call or with many (None).

        Raises:
            MongoUnavailable: It cannot be noted.
        """
        await self._entries.add(who.name, action, call_id, trace_id(request), datetime.now(UTC))
