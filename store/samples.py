"""Samples: which calls were drawn for review, and who reads which of them. What people said of them is in the labels.

Moments are kept as text, whose order is theirs, as in ``store.labels``.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pymongo.errors import DuplicateKeyError

from store.database import Database, Document, as_text
from store.errors import searched

Role = Literal["first", "second", "third"]
ROLES: tuple[Role, ...] = ("first", "second", "third")


class Stratum(BaseModel):
    """A part of the frame; all its calls had the same chance."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Empty where the frame has no parts."""
    size: int
    """Calls that could have been drawn."""
    p: float
    """The chance of each."""


class Sample(BaseModel):
    """A draw, with all that an auditor needs to draw it again."""

    model_config = ConfigDict(frozen=True)

    sample_id: str
    """Its identifier; later ones sort after earlier ones."""
    first_day: date
    last_day: date
    filters: tuple[tuple[str, str], ...] = ()
    """Name and value of each filter of the frame."""
    scope: str = ""
    """Which scope it was drawn in: a digest; empty for all calls."""
    by: Literal["random", "stratum"]
    seed: int
    digest: str
    """SHA-256 of the sorted identifiers of all candidates."""
    second: float
    """Share of the drawn calls that two people read."""
    strata: tuple[Stratum, ...]
    machine: tuple[tuple[str, int], ...]
    """How many of all candidates the machine had put into each leaf, by its code."""
    who: str
    """Who drew it."""
    drawn_at: AwareDatetime
    """When (UTC)."""


class Reading(BaseModel):
    """One person's reading of one call, from its beginning on."""

    model_config = ConfigDict(frozen=True)

    who: str
    since: AwareDatetime
    """When they got the call (UTC)."""
    said: str | None = None
    """Code of the leaf that they named before they saw anything; it is never changed."""
    label_id: str | None = None
    """The label that came of it; None: they are not done."""


class Item(BaseModel):
    """A drawn call."""

    model_config = ConfigDict(frozen=True)

    sample_id: str
    place: int
    """Its number within the sample, from 1: where it stands in the order of reading, unless it came later."""
    call_id: str | None
    """The call; None: it is forgotten, or too old."""
    period: str
    """The week in which it ended, such as 2026-W48."""
    p: float
    stratum: str
    is_second: bool
    """Whether two people read it. Neither is told."""
    machine: str | None = None
    """Code of the leaf that the machine had put it into when it was drawn; None: that was not kept."""
    turn: float | None = None
    """Of a call that came after the draw: where it stands among the others, by their places; None: it came in time."""
    first: Reading | None = None
    second: Reading | None = None
    third: Reading | None = None
    """Who decides where the two differ."""

    @property
    def is_late(self) -> bool:
        """Whether it came after the draw."""
        return self.turn is not None

    @property
    def order(self) -> float:
        """Where it stands in the order of reading."""
        return self.place if self.turn is None else self.turn

    def reading(self, role: Role) -> Reading | None:
        """Return who reads it in a role, or has read it."""
        found: Reading | None = getattr(self, role)
        return found

    @property
    def label_ids(self) -> list[str]:
        """The labels that came of its readings, in the order of the roles."""
        readings = (self.reading(role) for role in ROLES)
        return [reading.label_id for reading in readings if reading is not None and reading.label_id is not None]


class SampleStore:
    """The samples of all calls."""

    def __init__(self, database: Database) -> None:
        """Use the collections beside the calls."""
        self._samples = database.beside("samples")
        self._items = database.beside("sample_items")
        self._limit_ms = database.search_limit_ms

    async def add(self, sample: Sample, items: Sequence[Item]) -> None:
        """Keep a sample. Its items come first, so that no sample is seen without all of them.

        Raises:
            MongoUnavailable: MongoDB did not answer; the sample may be there.
        """
        documents = [{"_id": _id(item), **item.model_dump(mode="json")} for item in items]
        with searched():
            await self._items.insert_many(documents)
            head = sample.model_dump(mode="json", exclude={"sample_id"}) | {"drawn_at": as_text(sample.drawn_at)}
            await self._samples.insert_one({"_id": sample.sample_id, **head})

    async def append(self, items: Sequence[Item]) -> None:
        """Add calls to a sample, each at its place or, where that is taken, at the next that is free.

        Raises:
            MongoUnavailable: MongoDB did not answer; some may be added.
        """
        place = 0
        for item in items:
            place = max(place + 1, item.place)
            while not await self._added(item.model_copy(update={"place": place})):
                place += 1

    async def all(self) -> list[Sample]:
        """Return all samples, the newest first.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with searched():
            found = [_sample(one) async for one in self._samples.find({}, max_time_ms=self._limit_ms)]
        return sorted(found, key=lambda sample: sample.sample_id, reverse=True)

    async def find(self, sample_id: str) -> Sample | None:
        """Return a sample; None: there is none.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with searched():
            found = await self._samples.find_one({"_id": sample_id}, max_time_ms=self._limit_ms)
        return None if found is None else _sample(found)

    async def items(self, sample_id: str) -> list[Item]:
        """Return the calls of a sample in the order of reading.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with searched():
            found = self._items.find({"sample_id": sample_id}, max_time_ms=self._limit_ms)
            items = [Item.model_validate(document) async for document in found]
        return sorted(items, key=lambda item: (item.order, item.place))

    async def item(self, sample_id: str, place: int) -> Item | None:
        """Return one call of a sample; None: there is none.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with searched():
            found = await self._items.find_one({"_id": f"{sample_id}/{place:06}"}, max_time_ms=self._limit_ms)
        return None if found is None else Item.model_validate(found)

    async def take(self, item: Item, role: Role, who: str, now: datetime) -> bool:
        """Give a call to somebody to read, if it is as ``item`` has it; tell whether they have it.

        Of two who ask at once one gets it. Whoever had it and was not done has it no longer.

        Raises:
            MongoUnavailable: MongoDB did not answer; they may have it.
        """
        before = item.reading(role)
        guard: Document = {role: None}
        if before is not None:
            guard = {f"{role}.who": before.who, f"{role}.since": as_text(before.since), f"{role}.label_id": None}
        return await self._change(item, guard, role, Reading(who=who, since=now))

    async def answer(self, item: Item, role: Role, said: str) -> bool:
        """Keep what somebody said before they saw anything; tell whether it was kept: the first word holds.

        Raises:
            ValueError: Nobody reads it in this role.
            MongoUnavailable: MongoDB did not answer; it may be kept.
        """
        held = _held(item, role)
        guard: Document = {f"{role}.who": held.who, f"{role}.since": as_text(held.since), f"{role}.said": None}
        return await self._change(item, guard, role, held.model_copy(update={"said": said}))

    async def finish(self, item: Item, role: Role, said: str, label_id: str) -> bool:
        """Note which label came of a reading; tell whether it was still theirs.

        Raises:
            ValueError: Nobody reads it in this role.
            MongoUnavailable: MongoDB did not answer; it may be noted.
        """
        held = _held(item, role)
        guard: Document = {f"{role}.who": held.who, f"{role}.since": as_text(held.since), f"{role}.label_id": None}
        return await self._change(item, guard, role, held.model_copy(update={"said": said, "label_id": label_id}))

    async def detach(self, call_ids: Collection[str]) -> None:
        """Take from the samples what leads to some calls; how they were drawn and read stays.

        Raises:
            MongoUnavailable: MongoDB did not answer; some are done already.
        """
        with searched():
            for call_id in call_ids:
                await self._items.update_many({"call_id": call_id}, {"$set": {"call_id": None}})

    async def _added(self, item: Item) -> bool:
        with searched(), suppress(DuplicateKeyError):
            await self._items.insert_one({"_id": _id(item), **item.model_dump(mode="json")})
            return True
        return False

    async def _change(self, item: Item, guard: Document, role: Role, reading: Reading) -> bool:
        changed = reading.model_dump(mode="json") | {"since": as_text(reading.since)}
        with searched():
            result = await self._items.update_one({"_id": _id(item), **guard}, {"$set": {role: changed}})
        return result.matched_count == 1


def _held(item: Item, role: Role) -> Reading:
    held = item.reading(role)
    if held is None:
        raise ValueError(f"nobody reads the call as its {role} reader")
    return held


def _id(item: Item) -> str:
    return f"{item.sample_id}/{item.place:06}"


def _sample(document: Document) -> Sample:
    return Sample.model_validate({"sample_id": document.pop("_id"), **document})
