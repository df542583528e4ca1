"""Forgetting calls: what there is of them, what goes, and the certificate that says both (docs/privacy.md)."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from schemas import Forgotten
from store.database import Database
from store.forgetting import ForgettingStore, StoredCall
from store.labels import LabelStore
from store.samples import SampleStore
from store.settings import StoreSettings
from streams.callers import CallerSearch
from streams.dead_letters import mark_replayed, read_letters
from streams.errors import CallsiftError
from streams.kafka import publish_forgotten, publish_tombstones
from streams.payloads import EXPORTS, FOLDERS, RECORDINGS, ClaimCheckStore, public_address
from streams.retention import recordings_of, waiting_of
from streams.settings import KafkaSettings
from streams.topics import ALL_TOPICS, OUTCOMES, RETRIES, SEGMENT_S

_LOOK_S = 0.5
_HOSTED = {"gemini", "gemini-legacy"}


class HeldCall(CallsiftError):
    """A call may not be forgotten, and so nothing was."""


@dataclass(frozen=True)
class FoundCall:
    """What there is of one call, and what of that went."""

    call_id: str
    document: bool
    """Whether MongoDB had a document of it."""
    files: tuple[str, ...]
    """What lay in the audio store, by name."""
    dead_letters: tuple[str, ...]
    """Identifiers of its dead letters."""
    waiting: tuple[str, ...]
    """Positions of messages that nobody has acknowledged: each is dropped when its turn comes."""
    recordings: tuple[str, ...]
    """Where the recordings are, as far as calls.ended still says so."""
    hosted_by: tuple[str, ...]
    """Hosted models that its redacted transcript was sent to."""
    labels: int = 0
    """How many labels people gave it: nothing in them leads to the call any more, and their tallies stay."""


@dataclass(frozen=True)
class Unreached:
    """Where something of the calls may be that callsift cannot remove."""

    where: str
    what: str
    until: datetime | None = None
    """When it is gone by itself, at the latest; None: that is for others to say."""


@dataclass(frozen=True)
class Certificate:
    """What was removed where, and what could not be reached."""

    at: datetime
    by: str
    caller: str | None
    """Hash of the number that the calls were found by, where a key is set; None: none, or no key."""
    calls: tuple[FoundCall, ...]
    not_reached: tuple[Unreached, ...]
    complete: bool
    """False: a worker may have had something in work. Run it again when nothing waits."""
    tombstones: str = field(default=OUTCOMES.name)
    """Where subscribers are told."""


class Forgetting:
    """Finds calls and forgets them. Every step may be done again."""

    def __init__(self, kafka: KafkaSettings, mongo: StoreSettings, store: ClaimCheckStore) -> None:
        """Name the places."""
        self._kafka, self._mongo, self._store = kafka, mongo, store

    def calls_of(self, search: CallerSearch) -> list[str]:
        """Return the calls of a caller, by the documents and by the messages that nobody has acknowledged.

        Raises:
            CallsiftError: MongoDB or the brokers do not answer.
        """

        async def stored() -> list[str]:
            with closing(ForgettingStore(Database(self._mongo))) as documents:
                return await documents.calls_of(search.written, search.hashed)

        waiting = waiting_of(self._kafka, lambda _, caller: search.finds(caller))
        return sorted({*asyncio.run(stored()), *(message.call_id for message in waiting)})

    def look(self, call_ids: Collection[str]) -> list[FoundCall]:
        """Return what there is of some calls, and remove nothing.

        Raises:
            HeldCall: One of them may not be forgotten.
            CallsiftError: A store or the brokers do not answer.
        """
        known = asyncio.run(self._known(call_ids))
        held = [f"{call.call_id} ({call.hold})" for call in known.values() if call.hold is not None]
        if held:
            raise HeldCall(
                f"on hold: {', '.join(held)}; nothing was forgotten",
                "`callsift hold --release` ends a hold; or name the other calls with --call",
            )
        labels, recordings = asyncio.run(self._labels(call_ids)), recordings_of(self._kafka, call_ids)
        waiting, letters = self._waiting(call_ids), self._letters(call_ids)
        return [
            FoundCall(
                call_id,
                document=call_id in known and not known[call_id].is_forgotten,
                files=self._files(call_id, recordings[call_id]),
                dead_letters=letters.get(call_id, ()),
                waiting=waiting.get(call_id, ()),
                recordings=tuple(sorted(map(public_address, recordings[call_id]))),
                hosted_by=tuple(sorted(known[call_id].classifiers & _HOSTED)) if call_id in known else (),
                labels=labels[call_id],
            )
            for call_id in sorted(set(call_ids))
        ]

    def forget(self, found: Sequence[FoundCall], by: str, caller: str | None, wait_s: float) -> Certificate:
        """Forget calls that were looked at, and return the certificate.

        The document goes first, so that the sink takes nothing more of a call; then the workers are told. Before
        files and labels are seen to, what they have in work is waited for: it may still be written there.

        Raises:
            HeldCall: One of them is held since it was looked at.
            CallsiftError: A store or the brokers do not answer; what was done stays done, and can be done again.
        """
        at, call_ids = datetime.now(UTC), [call.call_id for call in found]
        asyncio.run(self._replace_documents(call_ids, at))
        publish_forgotten(self._kafka, [Forgotten(call_id=call_id, forgotten_at=at, by=by) for call_id in call_ids])
        publish_tombstones(self._kafka, call_ids)
        waiting, letters = self._wait(call_ids, wait_s), self._letters(call_ids, mark=True)
        asyncio.run(self._detach_labels(call_ids))
        calls = []
        for call in found:
            files = tuple(sorted({*call.files, *self._made(call.call_id)}))
            for name in files:
                self._store.remove(name)
            left, given_up = waiting.get(call.call_id, ()), letters.get(call.call_id, ())
            calls.append(replace(call, files=files, dead_letters=given_up, waiting=left))
        self._remove_exports()
        complete = not any(call.waiting for call in calls)
        return Certificate(at, by, caller, tuple(calls), unreached(calls, at), complete)

    async def _known(self, call_ids: Collection[str]) -> dict[str, StoredCall]:
        with closing(ForgettingStore(Database(self._mongo))) as documents:
            return await documents.known(call_ids)

    async def _labels(self, call_ids: Collection[str]) -> Counter[str | None]:
        with closing(Database(self._mongo)) as database:
            return Counter(label.call_id for label in await LabelStore(database).of_calls(call_ids))

    async def _detach_labels(self, call_ids: Sequence[str]) -> None:
        with closing(Database(self._mongo)) as database:
            await LabelStore(database).detach(call_ids)
            await SampleStore(database).detach(call_ids)

    async def _replace_documents(self, call_ids: Sequence[str], at: datetime) -> None:
        with closing(ForgettingStore(Database(self._mongo))) as documents:
            for call_id in call_ids:
                if not await documents.forget(call_id, at):
                    raise HeldCall(f"{call_id} is on hold since a moment ago", "Run it again for the other calls")

    def _wait(self, call_ids: Collection[str], wait_s: float) -> dict[str, tuple[str, ...]]:
        deadline = time.monotonic() + wait_s
        while (waiting := self._waiting(call_ids)) and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
        return waiting

    def _waiting(self, call_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for message in waiting_of(self._kafka, lambda call_id, _: call_id in call_ids):
            found[message.call_id] = (*found.get(message.call_id, ()), message.position)
        return found

    def _letters(self, call_ids: Collection[str], *, mark: bool = False) -> dict[str, tuple[str, ...]]:
        letters = [letter for letter in read_letters(self._kafka) if letter.call_id in call_ids]
        if mark:
            mark_replayed(self._kafka, letters)
        found: dict[str, tuple[str, ...]] = {}
        for letter in letters:
            found[letter.call_id or ""] = (*found.get(letter.call_id or "", ()), letter.event_id)
        return found

    def _files(self, call_id: str, recordings: Collection[str]) -> tuple[str, ...]:
        sent = filter(None, map(self._store.name_of, recordings))
        return tuple(sorted({*self._made(call_id), *filter(RECORDINGS.has_made, sent)}))

    def _remove_exports(self) -> None:
        """Remove the files of all exports: any of them may have one of the calls, and can be asked for again."""
        for page in self._store.pages(EXPORTS.name):
            for entry in page:
                if EXPORTS.has_made(entry.name):
                    self._store.remove(entry.name)

    def _made(self, call_id: str) -> list[str]:
        return [name for folder in FOLDERS for name in self._store.beginning(folder.beginning(call_id))]


def unreached(calls: Sequence[FoundCall], at: datetime) -> tuple[Unreached, ...]:
    """Return where something of the calls may be that callsift cannot remove."""
    later_s = SEGMENT_S + sum(topic.delay_s or 0 for topic in RETRIES)
    topics = [
        Unreached(
            f"Kafka topic {topic.name}",
            "messages of the calls: Kafka removes none by itself. Nobody works on them, and they are not replayed",
            at + timedelta(seconds=topic.retention_s + later_s),
        )
        for topic in ALL_TOPICS
        if topic.retention_s is not None
    ]
    addresses = sorted({address for call in calls for address in call.recordings})
    hosted = sorted({name for call in calls for name in call.hosted_by})
    return (
        Unreached("the telephone system", f"the recordings: {', '.join(addresses) or 'their addresses are not known'}"),
        *topics,
        Unreached(
            f"Kafka topic {OUTCOMES.name}", "earlier outcomes, until the brokers compact it; the tombstone is there"
        ),
        Unreached("subscribers", "what they keep of outcomes: the tombstone tells them to remove it"),
        Unreached("the hosted model's provider", f"redacted transcripts, sent to {', '.join(hosted)}")
        if hosted
        else Unreached("the hosted model's provider", "nothing that the documents know of"),
        Unreached("exports", "files that people have downloaded: calls.audit says who exported, and when"),
        Unreached("backups", "of MongoDB, of the audio store and of Kafka: for who keeps them"),
        Unreached("logs and traces", "the calls' identifiers: for who keeps them"),
    )
