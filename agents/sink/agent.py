"""The sink's agent: stores how a call ended, and gives the runner what is to be published."""

from datetime import UTC, datetime

from agents.sink import core, metrics
from agents.sink.store import OutcomeStore, UnstorableOutcome
from schemas import CallClassified, CallOutcome, DeadLetter, Event
from streams.privacy import CallerPrivacy
from streams.processing import Agent


class SinkAgent(Agent[CallClassified | DeadLetter]):
    """Turns CallClassified, and dead letters, into CallOutcome. Repeating it publishes the same outcome again."""

    def __init__(self, store: OutcomeStore, privacy: CallerPrivacy) -> None:
        """Make the agent."""
        self._store = store
        self._privacy = privacy

    async def stop(self) -> None:
        """Close the store's connections."""
        self._store.close()

    async def work(self, event: CallClassified | DeadLetter) -> CallOutcome | None:
        """Store the outcome of a call; a failure is an outcome too."""
        if isinstance(event, DeadLetter):
            stored = await self._save_failure(event)
        else:
            stored = await self._store.save(core.done(event, datetime.now(UTC)), event.turns)
        if stored is not None:
            metrics.OUTCOMES.labels(stored.state).inc()
            if stored.ended_at is not None and stored.revision == 1:  # a call that is classified again is not late
                seconds = (datetime.now(UTC) - stored.ended_at).total_seconds()
                metrics.CALL_SECONDS.observe(max(0.0, seconds))
        return stored

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

    async def follow_up(self, published: CallOutcome) -> CallOutcome | None:
        """Return the newest outcome if another one was stored meanwhile: compaction must keep the newest.

        Whoever publishes an older one after the newer one finds the newer one stored, and publishes it again.
        """
        newest = await self._store.newest(published.call_id)
        return newest if newest is not None and newest.revision > published.revision else None
