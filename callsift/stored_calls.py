"""Stored calls with their transcripts, drawn by chance."""

import hashlib
import heapq

from schemas import CallOutcome, CallTranscribed
from store.calls import CallFilter, OutcomeStore
from store.database import Database
from store.settings import StoreSettings

Stored = tuple[CallOutcome, CallTranscribed]


async def drawn(mongo: StoreSettings, chosen: CallFilter, most: int) -> tuple[int, list[Stored]]:
    """Return how many of the chosen calls have a transcript, and ``most`` of these at the most.

    Which ones is decided by a digest of their identifiers: by chance, and the same ones whenever the same are stored.

    Raises:
        MongoUnavailable: MongoDB did not answer.
    """
    found = 0
    kept: list[tuple[bytes, Stored]] = []
    store = OutcomeStore(Database(mongo))
    try:
        async for stored in store.transcripts(chosen):
            found += 1
            entry = (hashlib.sha256(stored[0].call_id.encode()).digest(), stored)
            (heapq.heappush if len(kept) < most else heapq.heappushpop)(kept, entry)
    finally:
        store.close()
    return found, [stored for _, stored in kept]
