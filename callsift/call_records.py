"""Comparing a PBX's own records with what is known of its calls: what never came, and what came of the rest."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Any, Literal, NamedTuple

from schemas import CallEnded, CallOutcome
from sources import metrics
from sources.asterisk.cdr import CdrCall
from sources.intake import Intake
from sources.observation import Observation, Refused
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings
from streams.kafka import AwaitedProducer, forgotten_calls
from streams.monitor import CallsUnderWay
from streams.settings import KafkaSettings

SOURCE = "reconcile"
State = Literal["arrived", "failed", "on_the_way", "missing", "without_recording", "never_answered"]
"""What became of a call. missing: it was answered and recorded, and nothing is known of it. without_recording: it was
answered, has no recording, and nothing is known of it. never_answered: nobody took it, and nothing is known of it."""
_AT_ONCE = 200


class Compared(NamedTuple):
    """A call of the PBX, and what became of it."""

    call: CdrCall
    state: State
    call_id: str
    """How it is known here; of one that is not, how it would be."""
    why: str | None = None
    """Of a failure: its kind."""


async def compare(
    calls: Sequence[CdrCall], prefix: str, mongo: StoreSettings, kafka: KafkaSettings, since: datetime | None = None
) -> list[Compared]:
    """Ask the store, and the brokers for what has no outcome yet; calls that were forgotten are left out.

    Args:
        calls: What a PBX knows.
        prefix: What the source puts before their identifiers.
        mongo: The store.
        kafka: The brokers.
        since: What ended earlier is left out, as it may have been removed; None: nothing is.

    Raises:
        MongoUnavailable: The store did not answer.
        KafkaUnavailable: The brokers did not answer, or refuse.
    """
    forgotten = await asyncio.to_thread(forgotten_calls, kafka)
    calls = [one for one in calls if forgotten.isdisjoint(one.ids(prefix)) and (since is None or one.ended_at >= since)]
    known = await _outcomes(calls, prefix, mongo)
    unknown = [call for call in calls if not known.keys() & set(call.ids(prefix))]
    waiting = await asyncio.to_thread(_under_way, unknown, prefix, kafka)
    # one that was on its way may have arrived while the brokers were asked
    known |= await _outcomes([call for call in unknown if call.linked_id not in waiting], prefix, mongo)
    return [_compared(call, prefix, known, waiting) for call in calls]


async def emit(
    found: Sequence[Compared], prefix: str, recordings: str | None, kafka: KafkaSettings, trunks: Sequence[str] = ()
) -> list[CallEnded | Refused]:
    """Hand calls in as a source does; returns for each its event, or why it is not taken."""
    metrics.announce([SOURCE])
    producer = AwaitedProducer(kafka)
    try:
        results: list[CallEnded | Refused] = []
        for start in range(0, len(found), _AT_ONCE):
            some = found[start : start + _AT_ONCE]
            told = [Observation(SOURCE, one.call.content(prefix, recordings, trunks)) for one in some]
            results += await Intake(producer).take(told)
        return results
    finally:
        producer.close()


def counts(found: Sequence[Compared]) -> dict[str, int]:
    """Return how many calls there are of each state."""
    counted = Counter(one.state for one in found)
    return {state: counted[state] for state in State.__args__}  # type: ignore[attr-defined]


def shown(one: Compared) -> dict[str, Any]:
    """Return a call as JSON has it: no number of anybody."""
    return {
        "call_id": one.call_id,
        "linkedid": one.call.linked_id,
        "state": one.state,
        "began_at": one.call.began_at.isoformat(),
        "ended_at": one.call.ended_at.isoformat(),
        "why": one.why,
    }


def _compared(call: CdrCall, prefix: str, known: dict[str, CallOutcome], waiting: dict[str, str]) -> Compared:
    ids = call.ids(prefix)
    outcomes = [known[one] for one in ids if one in known]
    if outcomes:
        best = next((one for one in outcomes if one.state != "failed"), outcomes[0])
        why = best.failure.error_type if best.state == "failed" and best.failure else None
        return Compared(call, "failed" if best.state == "failed" else "arrived", best.call_id, why)
    if (where := waiting.get(call.linked_id)) is not None:
        return Compared(call, "on_the_way", where)
    if not call.answered:
        return Compared(call, "never_answered", ids[0])
    return Compared(call, "missing" if call.recordings else "without_recording", ids[0])


async def _outcomes(calls: Sequence[CdrCall], prefix: str, mongo: StoreSettings) -> dict[str, CallOutcome]:
    found: dict[str, CallOutcome] = {}
    with closing(Database(mongo)) as database:
        store = OutcomeStore(database)
        for start in range(0, len(calls), _AT_ONCE):
            ids = [one for call in calls[start : start + _AT_ONCE] for one in call.ids(prefix)]
            found |= {outcome.call_id: outcome for outcome in await store.newest(ids)}
    return found


def _under_way(calls: Sequence[CdrCall], prefix: str, kafka: KafkaSettings) -> dict[str, str]:
    """Return how calls are known that are on their way, by their Linkedid."""
    if not calls:
        return {}
    most = 1_000_000
    with closing(CallsUnderWay(kafka, most)) as under_way:
        under_way.look()
        ids = {call.linked_id: call.ids(prefix) for call in calls}
        return {linked: one for linked, several in ids.items() for one in several if under_way.find(one) is not None}
