"""The sink's agent: stores how a call ended, and gives the runner what is to be published."""

import asyncio
from datetime import UTC, datetime
from typing import TypeAlias

from agents.sink import core, metrics
from schemas import CallAnnotated, CallClassified, CallOutcome, CallUnrecorded, DeadLetter, Event
from store.calls import OutcomeStore
from store.errors import ForgottenCall, UnstorableOutcome
from streams.privacy import CallerPrivacy
from streams.processing import Agent, Tombstone

Taken: TypeAlias = CallClassified | CallUnrecorded | CallAnnotated | DeadLetter


class SinkAgent(Agent[Taken]):
    """Turns CallClassified, CallUnrecorded, CallAnnotated and DeadLetter into CallOutcome.

    Repeating it publishes what was not confirmed, no more. It publishes one outcome at a time, each until the store has
    the mark that it was confirmed: a worker that is killed leaves at most one on the topic without its mark, and that
    one comes twice (docs/decisions/0007).
    """

    def __init__(self, store: OutcomeStore, privacy: CallerPrivacy) -> None:
        """Make the agent."""
        self._store = store
        self._privacy = privacy
        self.turn = asyncio.Lock()

    async def stop(self) -> None:
        """Close the store's connections."""
        self._store.close()

    async def work(self, event: Taken) -> CallOutcome | Tombstone | None:
        """Store the outcome of a call; a failure is an outcome too, and what people say makes another one."""
        try:
            if isinstance(event, CallAnnotated):
                return await self._annotate(event)
            if isinstance(event, DeadLetter):
                stored = await self._save_failure(event)
            elif isinstance(event, CallUnrecorded):
                stored = await self._store.save(core.unrecorded(event, datetime.now(UTC)))
            else:
                outcome = core.done(event, datetime.now(UTC))
                stored = await self._store.save(outcome, event.turns, event.supersedes_label, event.previous_outcome)
        except ForgottenCall as forgotten:  # once more: an outcome may have been published after its tombstone
            return Tombstone.following(event, call_id=forgotten.call_id)
        if stored is not None:
            metrics.OUTCOMES.labels(stored.state).inc()
            # a call that is classified again is not late, nor is one out of an archive
            if stored.ended_at is not None and stored.revision == 1 and not stored.gives_way:
                seconds = (datetime.now(UTC) - stored.ended_at).total_seconds()
                metrics.CALL_SECONDS.observe(max(0.0, seconds))
        return stored

    async def _annotate(self, event: CallAnnotated) -> CallOutcome | None:
        verdict = await self._store.annotate(event)
        kind = "facts" if event.label is None else "label"
        metrics.ANNOTATIONS.labels(kind, "refused" if verdict.is_refused else "taken").inc()
        return verdict.stored

    async def _save_failure(self, letter: DeadLetter) -> CallOutcome | None:
        """Store that a call failed, with as much of it as the store can hold."""
        refusal = None
        for outcome in core.failed(letter):
            try:
                return await self._store.save(self._privacy.applied(outcome))
            except UnstorableOutcome as error:
                refusal = error
        if refusal is not None:
            raise refusal
        return None

    def smaller_form(self, refused: Event) -> CallOutcome | None:
        """Return an outcome that says what the refused one says in a few hundred bytes; None: that was it."""
        return core.smaller(refused) if isinstance(refused, CallOutcome) else None

    async def due(self, stored: CallOutcome | Tombstone) -> CallOutcome | Tombstone | None:
        """Return what has to be published for a stored outcome: the newest of its call, or nothing if it was done."""
        try:
            return stored if isinstance(stored, Tombstone) else await self._store.due(stored)
        except ForgottenCall:
            return Tombstone.following(stored)

    async def follow_up(
        self, stored: CallOutcome | Tombstone, published: CallOutcome | Tombstone
    ) -> CallOutcome | Tombstone | None:
        """Mark what was published, and return the newest outcome if another one was stored meanwhile.

        A call that was forgotten meanwhile has its tombstone published again: the outcome came after it.
        """
        if isinstance(stored, Tombstone) or isinstance(published, Tombstone):
            return None
        try:
            return await self._store.confirm(stored, published)
        except ForgottenCall:
            return Tombstone.following(published)
