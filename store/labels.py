"""Every label that somebody gave, apart from the calls: what tells how right the classifier is, and how people agree.

Moments are kept as text of one form, so that they can be compared: nx-27017 makes text of them anyway.
"""

import secrets
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime
from pymongo.errors import DuplicateKeyError

from schemas import CallAnnotated, CallOutcome, Label, MachineAnswer
from store.database import Database, Document, as_text
from store.errors import searched, written
from store.revisions import machine_answer

_QUOTES = {"justification": None, "evidence": ()}


class StoredLabel(Label):
    """A label, with what the machine had said when it was given."""

    label_id: str
    """Its identifier."""
    call_id: str | None = None
    """The call; null: it is forgotten, or too old, and ``group`` stands for it."""
    group: str | None = None
    """In place of a call that is gone: labels that have the same one were of the same call. It says no more."""
    reviewer: str
    """Who gave it."""
    at: AwareDatetime
    """When (UTC); of a call that is gone only the day."""
    machine: MachineAnswer | None = None
    """What the machine had said in the revision that the reviewer saw, without its reasons; null where it had failed,
    and where the label is refused."""
    classifier: str | None = None
    """Which classifier that was."""
    classifier_version: str | None = None
    """Its model, prompt and policy."""
    refused: Literal["stale"] | None = None
    """stale: the call had changed since the reviewer looked, so the label counts for nothing."""

    @property
    def subject(self) -> str:
        """What labels of the same call have in common."""
        return self.call_id or self.group or self.label_id


def stored_label(annotation: CallAnnotated, history: Sequence[CallOutcome], *, is_refused: bool) -> StoredLabel:
    """Return what is kept of a label of a call whose outcomes are ``history``.

    Raises:
        ValueError: The annotation is none.
    """
    if annotation.label is None:
        raise ValueError("the annotation has facts, and no label")
    seen = next((entry for entry in history if entry.revision == annotation.label.revision_seen), None)
    seen = None if is_refused else seen
    machine, versions = machine_answer(seen) if seen else None, seen.versions if seen else None
    return StoredLabel(
        **dict(annotation.label),
        label_id=annotation.event_id,
        call_id=annotation.call_id,
        reviewer=annotation.who,
        at=annotation.at,
        machine=machine and machine.model_copy(update=_QUOTES),
        classifier=seen.classifier if seen else None,
        classifier_version=versions and versions.classifier,
        refused="stale" if is_refused else None,
    )


class LabelStore:
    """The labels of all calls."""

    def __init__(self, database: Database) -> None:
        """Use the collection beside the calls."""
        self._labels = database.beside("labels")
        self._limit_ms = database.search_limit_ms

    async def add(self, label: StoredLabel) -> None:
        """Keep a label; one that is known stays what it is.

        Raises:
            UnstorableOutcome: No store of this kind can hold it.
            MongoUnavailable: MongoDB did not answer; it may be there.
        """
        document = label.model_dump(mode="json", exclude={"label_id"})
        with written():
            try:
                await self._labels.insert_one({"_id": label.label_id, **document, "at": as_text(label.at)})
            except DuplicateKeyError:
                return

    async def find(self, label_id: str) -> StoredLabel | None:
        """Return a label; None: there is none.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        with searched():
            found = await self._labels.find_one({"_id": label_id}, max_time_ms=self._limit_ms)
        return None if found is None else _label(found)

    async def of_call(self, call_id: str) -> list[StoredLabel]:
        """Return all labels of a call, the oldest first, those that were refused included.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        return await self._found({"call_id": call_id})  # $in of one would use no index of nx-27017's

    async def of_calls(self, call_ids: Collection[str]) -> list[StoredLabel]:
        """Return all labels of some calls, as ``of_call`` does."""
        return await self._found({"call_id": {"$in": list(call_ids)}})

    async def given(self, label_ids: Collection[str]) -> list[StoredLabel]:
        """Return the labels of these identifiers, the oldest first, without those that were refused.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        return await self._found({"_id": {"$in": list(label_ids)}, "refused": None})

    async def between(self, since: datetime, until: datetime) -> AsyncIterator[StoredLabel]:
        """Yield the labels that count and were given from ``since`` on and before ``until``, in no order.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        chosen = {"at": {"$gte": as_text(since), "$lt": as_text(until)}, "refused": None}
        with searched():
            async for document in self._labels.find(chosen, max_time_ms=self._limit_ms):
                yield _label(document)

    async def detach(self, call_ids: Collection[str]) -> int:
        """Take from the labels of some calls what leads to the call or was written in words; returns how many.

        The tallies stay: how right the classifier was last month does not change because a call is gone. Labels that
        were refused count for nothing, and go.

        Raises:
            MongoUnavailable: MongoDB did not answer; some are done already.
        """
        labels = await self.of_calls(call_ids)
        groups = {label.call_id: secrets.token_hex(8) for label in labels}
        with searched():
            for label in labels:
                if label.refused is not None:
                    await self._labels.delete_one({"_id": label.label_id})
                    continue
                day = label.at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
                gone = {"call_id": None, "note": None, "seconds": None, "at": as_text(day)}
                change = {"$set": gone | {"group": groups[label.call_id]}}
                await self._labels.update_one({"_id": label.label_id}, change)
        return len(labels)

    async def _found(self, chosen: Document) -> list[StoredLabel]:
        with searched():
            found = self._labels.find(chosen, max_time_ms=self._limit_ms)
            labels = [_label(document) async for document in found]
        return sorted(labels, key=lambda label: (label.at, label.label_id))


def _label(document: Document) -> StoredLabel:
    return StoredLabel.model_validate({"label_id": document.pop("_id"), **document})
