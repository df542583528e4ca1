"""Transcripts too large for a message: their turns lie in the audio store, and nobody but the runner sees that."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeGuard

from pydantic import TypeAdapter, ValidationError

from schemas import CallClassified, CallTranscribed, Event, Turn
from streams.errors import PermanentError
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.layout import TURNS

Spoken = CallTranscribed | CallClassified
"""The events that carry what was said."""
_TURNS = TypeAdapter(tuple[Turn, ...])


class UnreadableTurns(PermanentError):
    """What a claim check to turns names is in the store, but is no turns."""


class ClaimedTurns:
    """Takes the turns out of events that are too large, and puts them back."""

    def __init__(self, store: ClaimCheckStore, limit_bytes: int) -> None:
        """Use ``store`` for the turns of events whose JSON has more than ``limit_bytes`` bytes."""
        self._store = store
        self._limit_bytes = limit_bytes

    @staticmethod
    def are_in_store(event: Event) -> TypeGuard[Spoken]:
        """Tell whether the turns of an event have to be fetched before anybody can work on it."""
        return _is_spoken(event) and event.turns_claim is not None and not event.turns

    async def put_back(self, event: Event) -> Event:
        """Return the event as it was before its turns were taken out; any other event as it is.

        Raises:
            PayloadGone: The turns are not in the store any more.
            UnreadableTurns: What is there is no turns.
            AudioStoreUnavailable: The store did not answer.
        """
        return await asyncio.to_thread(self._whole, event) if self.are_in_store(event) else event

    async def take_out(self, event: Event) -> Event:
        """Return the event as it is to be published: its turns in the store if it is too large for a message.

        Turns that came from the store are left there, and are put there again only if they have changed.

        Raises:
            AudioStoreUnavailable: The store did not take the turns.
        """
        if not _is_spoken(event) or not event.turns:
            return event
        if event.turns_claim is None and len(event.model_dump_json().encode()) <= self._limit_bytes:
            return event
        return await asyncio.to_thread(self._light, event)

    def _whole(self, event: Spoken) -> Event:
        claim = event.turns_claim
        assert claim is not None  # noqa: S101 - are_in_store has looked
        try:
            turns = _TURNS.validate_json(self._store.get(claim), strict=True)
        except ValidationError:  # its text may quote what somebody said
            raise UnreadableTurns(
                f"expected a JSON array of turns in the audio store, found {claim.size_bytes} bytes that are none",
                "Upgrade this worker to the release that made the transcript, or replay the call-ended event",
            ) from None
        return event.model_copy(update={"turns": turns})

    def _light(self, event: Spoken) -> Event:
        payload = _TURNS.dump_json(event.turns)
        claim = event.turns_claim
        if claim is None or claim.sha256 != hashlib.sha256(payload).hexdigest():
            claim = self._store.put(_object_name(event.call_id, payload), payload)
        return event.model_copy(update={"turns": (), "turns_claim": claim})


class WorkOnWhole:
    """The work on one event, whose agent sees all turns. A step that is done is not done again after a later fails."""

    def __init__(
        self, event: Event, work: Callable[[Any], Awaitable[Event | None]], turns: ClaimedTurns | None
    ) -> None:
        """Do ``work`` on ``event``; without ``turns`` nothing is put back or taken out."""
        self._event = event
        self._work = work
        self._turns = turns
        self._whole = None if turns is not None and turns.are_in_store(event) else event
        self._result: Event | None = None
        self.used_store = False
        """Whether turns came from the store or went there."""

    @property
    def waits_for_store(self) -> bool:
        """Whether the next step is the store's: it is what failed, if something did."""
        return self._whole is None or self._result is not None

    async def finish(self) -> Event | None:
        """Do what is left to do; returns what is to be published, None for nothing. Raises what the steps raise."""
        if self._turns is None:
            return await self._work(self._event)
        if self._whole is None:
            self._whole = await self._turns.put_back(self._event)
            self.used_store = True
        if self._result is None:
            self._result = await self._work(self._whole)
        if self._result is None:
            return None
        light = await self._turns.take_out(self._result)
        self.used_store = self.used_store or light is not self._result
        return light


def _is_spoken(event: Event) -> TypeGuard[Spoken]:
    return isinstance(event, CallTranscribed | CallClassified)


def _object_name(call_id: str, payload: bytes) -> str:
    """Name turns by call and content: a repetition replaces them by themselves."""
    digest = hashlib.sha256(call_id.encode() + b"\0" + payload).hexdigest()
    return TURNS.file(digest, ".json")
