"""The turns of transcripts that are too large for a message lie in the audio store meanwhile."""

import hashlib
from functools import partial
from typing import TypeGuard

from pydantic import TypeAdapter, ValidationError

from schemas import ClaimCheck, Event, Spoken, Turn
from streams.errors import PermanentError
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.codec import Encoded, EventCodec, to_bytes
from streams.payloads.layout import TURNS, digits

_TURNS = TypeAdapter(tuple[Turn, ...])


class UnreadableTurns(PermanentError):
    """What a claim check to turns names is in the store, but is no turns."""


class ClaimedTurns(EventCodec):
    """Leaves the turns of events that are too large for a message in the store."""

    def __init__(self, store: ClaimCheckStore, limit_bytes: int) -> None:
        """Use ``store`` for the turns of events whose JSON has more than ``limit_bytes`` bytes."""
        self._store = store
        self._limit_bytes = limit_bytes

    def in_store(self, event: Event) -> TypeGuard[Spoken]:
        """Tell whether the turns of an event have to be fetched before anybody can work on it."""
        return isinstance(event, Spoken) and event.turns_claim is not None and not event.turns

    async def inflate(self, event: Event) -> Event:
        """Return the event as it was before its turns were taken out; any other event as it is.

        Raises:
            PayloadGone: The turns are not in the store any more.
            UnreadableTurns: What is there is no turns.
            AudioStoreUnavailable: The store did not answer.
        """
        if not self.in_store(event) or event.turns_claim is None:
            return event
        return await self._store.in_thread(partial(self._whole, event, event.turns_claim), event.turns_claim.size_bytes)

    async def encode(self, event: Event) -> Encoded:
        """Return the event as it is to be published: its turns in the store if it is too large for a message.

        Turns that came from the store are left there, and are put there again only if they have changed.

        Raises:
            AudioStoreUnavailable: The store did not take the turns.
        """
        if isinstance(event, Spoken) and event.turns and event.turns_claim is not None:
            return await self._store.in_thread(partial(self._light, event), event.turns_claim.size_bytes)
        value = to_bytes(event)
        if len(value) > self._limit_bytes and isinstance(event, Spoken) and event.turns:
            return await self._store.in_thread(partial(self._light, event), len(value))
        return Encoded(value)

    def _whole(self, event: Spoken, claim: ClaimCheck) -> Event:
        try:
            turns = _TURNS.validate_json(self._store.get(claim), strict=True)
        except ValidationError:  # its text may quote what somebody said
            raise UnreadableTurns(
                f"expected a JSON array of turns in the audio store, found {claim.size_bytes} bytes that are none",
                "Upgrade this worker to the release that made the transcript, or replay the call-ended event",
            ) from None
        return event.model_copy(update={"turns": turns})

    def _light(self, event: Spoken) -> Encoded:
        payload = _TURNS.dump_json(event.turns)
        claim = event.turns_claim
        if claim is None or claim.sha256 != hashlib.sha256(payload).hexdigest():
            claim = self._store.put(_object_name(event.call_id, payload), payload)
        light = event.model_copy(update={"turns": (), "turns_claim": claim})
        return Encoded(to_bytes(light), stored=True)


def _object_name(call_id: str, payload: bytes) -> str:
    """Name turns by call and content: a repetition replaces them by themselves."""
    return TURNS.of_call(call_id, f"-{digits(hashlib.sha256(payload).hexdigest())}.json")
