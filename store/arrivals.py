"""Which calls a sample could have been drawn from, and how many came after that list was closed.

A list is kept as marks of eight bytes for each call, so that a call of the sample's days that has none came later.
"""

import base64
from collections.abc import Collection
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from store.database import Database, Document, as_text
from store.errors import searched
from store.samples import Stratum

_MARK_BYTES = 8


class Arrivals(BaseModel):
    """Calls that came after a sample's list was closed, as far as somebody has looked."""

    model_config = ConfigDict(frozen=True)

    sample_id: str
    strata: tuple[Stratum, ...] = ()
    """How many came, by stratum, with the chance of each to be drawn."""
    machine: tuple[tuple[str, int], ...] = ()
    """How many of them the machine had put into each leaf, by its code."""
    looked_at: AwareDatetime
    """When somebody looked last (UTC)."""
    looks: int = 0
    """How often somebody has looked."""


_COUNTS = dict.fromkeys(("strata", "machine", "looked_at", "looks"), 1)


class ArrivalStore:
    """What came late, of all samples."""

    def __init__(self, database: Database) -> None:
        """Use the collection beside the calls."""
        self._lists = database.beside("sample_lists")
        self._limit_ms = database.search_limit_ms

    async def close_list(self, sample_id: str, marks: Collection[int], now: datetime) -> None:
        """Keep the marks (64 bits) of all calls that a sample is drawn from, before it is drawn.

        Raises:
            MongoUnavailable: MongoDB did not answer; the list may be kept.
        """
        with searched():
            await self._lists.insert_one(
                {"_id": sample_id, **_changed(Arrivals(sample_id=sample_id, looked_at=now), marks)}
            )

    async def all(self) -> dict[str, Arrivals]:
        """Return what came late, by the identifier of the sample.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with searched():
            found = [_arrivals(one) async for one in self._lists.find({}, _COUNTS, max_time_ms=self._limit_ms)]
        return {one.sample_id: one for one in found}

    async def find(self, sample_id: str) -> Arrivals | None:
        """Return what came late to a sample; None: its list was not kept.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with searched():
            found = await self._lists.find_one({"_id": sample_id}, _COUNTS, max_time_ms=self._limit_ms)
        return None if found is None else _arrivals(found)

    async def known(self, sample_id: str) -> frozenset[int]:
        """Return the marks of the calls that a sample knows: those of its list, and those that came late.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with searched():
            found = await self._lists.find_one({"_id": sample_id}, {"marks": 1}, max_time_ms=self._limit_ms)
        packed = base64.b64decode(found["marks"]) if found else b""
        places = range(0, len(packed), _MARK_BYTES)
        return frozenset(int.from_bytes(packed[place : place + _MARK_BYTES]) for place in places)

    async def note(self, before: Arrivals, after: Arrivals, marks: Collection[int]) -> bool:
        """Note what came since somebody looked last; tell whether it was noted: of two who look at once one does.

        Args:
            before: What was known.
            after: What is known, after one look more.
            marks: Of all calls that are known.

        Raises:
            MongoUnavailable: MongoDB did not answer; it may be noted.
        """
        # not looked_at: nx-27017 compares texts that look like moments to the second
        guard: Document = {"_id": before.sample_id, "looks": before.looks}
        with searched():
            result = await self._lists.update_one(guard, {"$set": _changed(after, marks)})
        return result.matched_count == 1


def _changed(arrivals: Arrivals, marks: Collection[int]) -> Document:
    packed = b"".join(mark.to_bytes(_MARK_BYTES) for mark in sorted(marks))
    counts = arrivals.model_dump(mode="json", exclude={"sample_id"})
    return counts | {"looked_at": as_text(arrivals.looked_at), "marks": base64.b64encode(packed).decode()}


def _arrivals(document: Document) -> Arrivals:
    return Arrivals.model_validate({"sample_id": document.pop("_id"), **document})
