"""What each kind of operation does: step by step, each of which may be done again."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from agents.classify.settings import ClassifySettings
from callsift.forgetting import Certificate, Forgetting, FoundCall
from callsift.operations.task import Task
from schemas import DeadLetter, Leaf
from store.calls import CallFilter
from store.operations import Kind
from store.settings import StoreSettings
from streams.dead_letters import DeadLetterFilter, read_letters, read_replays, replay, when_replayed
from streams.payloads import ClaimCheckStore
from streams.settings import AudioStoreSettings, KafkaSettings

_FOUND = TypeAdapter(list[FoundCall])
_CERTIFICATE = TypeAdapter(Certificate)
_CHOSEN = TypeAdapter(DeadLetterFilter)


@dataclass(frozen=True)
class Places:
    """Where the work is done."""

    kafka: KafkaSettings
    mongo: StoreSettings
    audio: AudioStoreSettings
    classify: ClassifySettings


def erase(task: Task, places: Places) -> dict[str, Any]:
    """Forget calls; returns the certificate. Once it has begun to remove, it is not cancelled any more.

    What was found is kept before anything is removed, so that whoever takes over certifies that, too.
    """
    asked = task.operation.request
    work = Forgetting(places.kafka, places.mongo, ClaimCheckStore(places.audio.uri))
    if task.operation.checkpoint is None:
        task.show(calls=len(asked["call_ids"]))
        found = work.look(asked["call_ids"])
        task.remember(_FOUND.dump_python(found, mode="json"))
    else:
        found = _FOUND.validate_python(task.operation.checkpoint)
    certificate = work.forget(found, task.operation.who, asked.get("caller"), float(asked.get("wait_s", 30)))
    result: dict[str, Any] = _CERTIFICATE.dump_python(certificate, mode="json")
    return result


def reprocess(task: Task, places: Places) -> dict[str, Any]:
    """Put stored calls into the lane that classifies again; returns how many. With ``dry_run`` only what it costs.

    Whoever takes over goes on behind the last batch that was kept: one batch at most is in the lane twice, and each
    call of it asks the model once more.
    """
    from callsift.reprocessing import Published, Reprocessing  # the other kinds need no classifier

    asked = task.operation.request
    category = None if asked["category"] is None else Leaf(*asked["category"])
    chosen = CallFilter(asked["since"], asked["until"], category, asked["provisional"])
    superseding = asked.get("supersede_labels", False)
    where = places.classify, places.mongo, places.kafka, places.audio
    work = Reprocessing(chosen, *where, supersede_labels=superseding)
    task.check()
    kept = task.operation.checkpoint
    plan = vars(asyncio.run(work.plan())) if kept is None else kept["plan"]
    before = Published() if kept is None else Published(**kept["published"])
    task.show(**plan, published=before.calls)
    if asked["dry_run"]:
        return {**plan, "published": 0}

    def keep(published: Published) -> None:
        task.remember({"plan": plan, "published": vars(published)}, **plan, published=published.calls)

    # `progress` is called inside a running loop, where the store cannot be asked a second time: a thread asks
    count = asyncio.run(work.publish(lambda published: _apart(lambda: keep(published)), before))
    return {**plan, "published": count}


def replay_letters(task: Task, places: Places) -> dict[str, Any]:
    """Put the messages of dead letters back; returns how many, and how many cannot be.

    Those that are marked are left out by whoever takes over, and those that cannot be come again. Each batch is kept
    before it is begun: its marks then tell what of it was done and not counted.
    """
    chosen = _CHOSEN.validate_python({**task.operation.request, "replayed": False})
    marks = read_replays(places.kafka)
    task.check()
    wanted = (one for one in read_letters(places.kafka) if chosen.accepts(one, when_replayed(one, marks)))
    kept = task.operation.checkpoint or {"replayed": 0, "begun": []}
    counts = {"replayed": kept["replayed"] + sum(letter_id in marks for letter_id in kept["begun"]), "refused": 0}

    def keep(batch: Sequence[DeadLetter]) -> None:
        task.remember({"replayed": counts["replayed"], "begun": [one.event_id for one in batch]}, **counts)

    for _, refusal in replay(places.kafka, wanted, keep):
        counts["replayed" if refusal is None else "refused"] += 1
    return counts


def export(task: Task, places: Places) -> dict[str, Any]:
    """Write calls to a file in the audio store; returns how many, and the file's size and digest."""
    from callsift.operations.exporting import write_export  # the other kinds need nothing of the API

    return write_export(task, places.mongo, ClaimCheckStore(places.audio.uri))


WORK: Mapping[Kind, Callable[[Task, Places], dict[str, Any]]] = {
    "erasure": erase,
    "reprocess": reprocess,
    "replay": replay_letters,
    "export": export,
}


def _apart(show: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as threads:
        threads.submit(show).result()
