"""Handing an archive in: few calls at a time, each of them once.

What is done is known by the pipeline alone, its store and its brokers: there is no file that could be lost.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice

from callsift.backfill.pace import Choice, Pace, Tally
from schemas import CallEnded
from sources import metrics
from sources.archive import Archive, OldCall
from sources.intake import Intake
from sources.observation import Observation, Refused
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings
from streams.errors import CallsiftError
from streams.kafka import AwaitedProducer, forgotten_calls
from streams.monitor import CallsUnderWay, Observer
from streams.settings import KafkaSettings

SOURCE = "backfill"
_AT_ONCE = 200
_POLL_S, _LOOK_S, _STUCK_S = 0.1, 5.0, 20.0
_MOST_UNDER_WAY, _MOST_REASONS = 1_000_000, 20


async def hand_in(
    archive: Archive, choice: Choice, kafka: KafkaSettings, mongo: StoreSettings, told: Callable[[Tally, Pace], None]
) -> Tally:
    """Hand in what is chosen, and wait for what comes of it; ``told`` hears of the figures several times a second.

    Killed at any moment, a second run goes on from there.

    Raises:
        MongoUnavailable: The store does not answer.
        KafkaUnavailable: The brokers do not answer, or have not confirmed a call.
    """
    metrics.announce([SOURCE])
    producer = AwaitedProducer(kafka)
    try:
        with (
            closing(Database(mongo)) as database,
            closing(CallsUnderWay(kafka, _MOST_UNDER_WAY)) as under_way,
        ):
            run = _Run(archive, choice, OutcomeStore(database), under_way, Intake(producer))
            run.not_wanted = await asyncio.to_thread(forgotten_calls, kafka)
            # before the store is asked for the first time: it knows what ends in between
            await asyncio.to_thread(under_way.look)
            return await run.to_the_end(Observer(kafka), told)
    finally:
        producer.close()


class _Run:
    def __init__(
        self, archive: Archive, choice: Choice, store: OutcomeStore, under_way: CallsUnderWay, intake: Intake
    ) -> None:
        self._choice, self._store, self._under_way, self._intake = choice, store, under_way, intake
        self._archive = (call for call in archive if choice.has(call))
        self._ready: list[OldCall] = []
        self._in_flight: set[str] = set()
        self._missed: set[str] = set()
        self._pace, self._tally = Pace(choice.in_flight), Tally()
        self._read_all = False
        self._next_at = 0.0
        self.not_wanted: frozenset[str] = frozenset()

    async def to_the_end(self, observer: Observer, told: Callable[[Tally, Pace], None]) -> Tally:
        look_at, moved_at, ended_lately = 0.0, time.monotonic(), 0
        while not (self._has_sent_all and not self._in_flight):
            ended = await self._note_ended()
            ended_lately += ended
            if time.monotonic() >= look_at:
                self._pace.look(await asyncio.to_thread(observer.look), len(self._in_flight) + ended_lately)
                look_at, ended_lately = time.monotonic() + _LOOK_S, 0
            sent = await self._send(self._allowed(self._pace.room(len(self._in_flight), ended)))
            if ended or sent or not self._in_flight:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > _STUCK_S:
                await self._let_go()
                moved_at = time.monotonic()
            told(self._tally, self._pace)
            await asyncio.sleep(_POLL_S)
        told(self._tally, self._pace)
        return self._tally

    @property
    def _has_sent_all(self) -> bool:
        at_limit = self._choice.limit is not None and self._tally.sent >= self._choice.limit
        return at_limit or (self._read_all and not self._ready)

    def _allowed(self, room: int) -> int:
        if self._choice.limit is not None:
            room = min(room, self._choice.limit - self._tally.sent)
        if self._choice.per_minute is not None:
            room = min(room, int(time.monotonic() >= self._next_at))
        return room

    async def _note_ended(self) -> int:
        """Count the calls that have an outcome now, and follow them no longer."""
        ended = await self._store.newest(list(self._in_flight)) if self._in_flight else []
        for outcome in ended:
            self._in_flight.discard(outcome.call_id)
            setattr(self._tally, outcome.state, getattr(self._tally, outcome.state) + 1)
        return len(ended)

    async def _send(self, room: int) -> int:
        """Hand in as many new calls as there is room for; returns how many that were."""
        if len(self._ready) < room and not self._read_all:
            some = await asyncio.to_thread(lambda: list(islice(self._archive, _AT_ONCE)))
            self._read_all = len(some) < _AT_ONCE
            await self._make_ready(some)
        going, self._ready = self._ready[: max(0, room)], self._ready[max(0, room) :]
        told = [call.content for call in going if not isinstance(call.content, Refused)]
        taken = iter(await self._intake.take([Observation(SOURCE, {**one, "lane": "backfill"}) for one in told]))
        before = self._tally.sent
        for call in going:
            result = call.content if isinstance(call.content, Refused) else next(taken)
            if isinstance(result, CallEnded):
                self._tally.sent += 1
                self._in_flight.add(result.call_id)
            elif isinstance(result, Refused):
                self._refuse(call, result)
        if self._choice.per_minute is not None and going:
            self._next_at = max(self._next_at, time.monotonic() - 1) + 60 / self._choice.per_minute
        return self._tally.sent - before

    async def _make_ready(self, calls: list[OldCall]) -> None:
        """Sort out what is known already; a call that an earlier run has sent is only waited for."""
        ids = [one for call in calls for one in call.ids]
        known = {outcome.call_id for outcome in await self._store.newest(ids)} if ids else set()
        coming = {one for call in self._ready for one in call.ids}
        for call in calls:
            on_its_way = next((one for one in call.ids if self._under_way.find(one) is not None), None)
            if not (known | coming | self._in_flight | self.not_wanted).isdisjoint(call.ids):
                self._tally.known += 1
            elif on_its_way is not None:
                self._in_flight.add(on_its_way)
            else:
                self._ready.append(call)
                coming.update(call.ids)

    def _refuse(self, call: OldCall, refused: Refused) -> None:
        if refused.reason == "unconfirmed":
            raise CallsiftError(str(refused), "Run it again when the brokers are back: it goes on from there")
        self._tally.refused += 1
        if len(self._tally.reasons) < _MOST_REASONS:
            self._tally.reasons.append(f"{call.place}: {refused.message}")

    async def _let_go(self) -> None:
        """Nothing has moved for long: what waits on a retry topic holds nobody up, nor does what is nowhere."""
        await asyncio.to_thread(self._under_way.look)
        places = {call_id: self._under_way.find(call_id) for call_id in self._in_flight}
        await self._note_ended()  # it may have ended meanwhile
        for call_id in self._in_flight & places.keys():
            found = places[call_id]
            if found is not None and found.place.next_try_at is not None:
                self._tally.tried_again += 1
                self._in_flight.discard(call_id)
            elif found is None and call_id in self._missed:
                self._tally.gone += 1
                self._in_flight.discard(call_id)
        self._missed = {call_id for call_id, found in places.items() if found is None}
