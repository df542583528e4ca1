"""Putting calls in and waiting for what comes out, as a PBX and a downstream team would."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from schemas import CallEnded, CallOutcome, Recording
from sources.intake import outgoing
from streams.errors import CallsiftError
from streams.kafka import TopicReader, produce_messages
from streams.payloads import RECORDINGS, ClaimCheckStore
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES


def new_call_id() -> str:
    """Return an identifier that no other call has."""
    return uuid4().hex


def store_recording(store: ClaimCheckStore, path: Path) -> str:
    """Put a recording where the audio stage finds it, and return its address.

    Raises:
        CallsiftError: There is no such file.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CallsiftError(f"cannot read {path}: {error.strerror}", "Name a recording that exists") from error
    return store.put_file(RECORDINGS.file(digest, path.suffix), path).uri


def call_ended(call_id: str, recording: Recording, **facts: str | None) -> CallEnded:
    """Make the event of a call that ends now."""
    return CallEnded(call_id=call_id, ended_at=datetime.now(UTC), recording=recording, **facts)


def emit(kafka: KafkaSettings, calls: Iterable[CallEnded]) -> None:
    """Publish call-ended events, as a PBX does."""
    produce_messages(kafka, [outgoing(call) for call in calls])


def emit_and_wait(
    kafka: KafkaSettings, calls: list[CallEnded], timeout_s: float, on_outcome: Callable[[CallOutcome], None]
) -> dict[str, CallOutcome]:
    """Publish call-ended events and return each call's first outcome, in the order of ``calls``.

    Raises:
        CallsiftError: A call has none within ``timeout_s`` seconds.
    """
    reader = TopicReader(kafka, OUTCOMES.name, from_start=False)
    try:
        emit(kafka, calls)
        waiting = {call.call_id for call in calls}
        outcomes: dict[str, CallOutcome] = {}
        for value in reader.values(timeout_s):
            outcome = CallOutcome.model_validate_json(value)
            if outcome.call_id in waiting:
                waiting.remove(outcome.call_id)
                outcomes[outcome.call_id] = outcome
                on_outcome(outcome)
            if not waiting:
                return {call.call_id: outcomes[call.call_id] for call in calls}
        raise CallsiftError(
            f"no outcome within {timeout_s:g} s for {', '.join(sorted(waiting))}",
            "`callsift status` shows where it waits and for what, `callsift doctor` what is missing",
        )
    finally:
        reader.close()
