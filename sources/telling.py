"""Telling others what the ways in of this process saw: notices on calls.sources, which the API shows."""

import asyncio
import logging
import socket
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from schemas import SourceFigures, SourceNotice
from sources.metrics import Seen, seen_by_source
from streams.errors import CallsiftError
from streams.kafka import AwaitedProducer, OutgoingMessage, source_notices
from streams.settings import KafkaSettings
from streams.topics import SOURCES

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
"""How often a process says that it is there."""
_KEPT = timedelta(days=7)
_LOOK_S = 5.0


async def tell_for_ever(kafka: KafkaSettings, producer: AwaitedProducer, kinds: Mapping[str, str]) -> None:
    """Tell what is seen of some sources: within seconds of an event, and each minute.

    Brokers that do not take it keep no call from coming in: it is told again.

    Args:
        kafka: Where the topic is.
        producer: Publishes.
        kinds: The kind of each source, by name.
    """
    began = datetime.now(UTC)
    told: dict[str, tuple[int, datetime]] = {}
    is_away = False
    while kinds:
        now = datetime.now(UTC)
        seen = {name: seen_by_source().get(name, Seen()) for name in kinds}
        due = {name: one for name, one in seen.items() if _is_due(told.get(name), one, now)}
        try:
            await _tell(kafka, producer, due, kinds, began, now)
            told |= {name: (one.counts.total(), now) for name, one in due.items()}
            is_away = False
        except CallsiftError as error:
            if not is_away:
                logger.warning("what sources brought cannot be told", extra={"error": str(error)})
            is_away = True
        await asyncio.sleep(_LOOK_S)


def merged(
    before: SourceNotice | None, source: str, kind: str, own: tuple[str, SourceFigures], seen: Seen
) -> SourceNotice:
    """Return a source's notice with what this process saw put in. Pure.

    Args:
        before: The newest notice of the source; None: there is none.
        source: Its name.
        kind: Its kind.
        own: Name of this process, and what it saw.
        seen: The same, with what holds for all processes.
    """
    known = before or SourceNotice(source=source, kind=kind)
    others = {name: one for name, one in known.processes.items() if own[1].at - one.at < _KEPT}
    last = known.last | {what: max(at, known.last.get(what, at)) for what, at in seen.last.items()}
    return SourceNotice(
        source=source, kind=kind, processes=others | dict([own]), last=last, refusal=seen.refusal or known.refusal
    )


def process_name(began: datetime) -> str:
    """Return what this process is called on the topic: its host, and when it began."""
    return f"{socket.gethostname()}-{began:%Y%m%dT%H%M%S.%f}"


def _is_due(told: tuple[int, datetime] | None, seen: Seen, now: datetime) -> bool:
    return told is None or told[0] != seen.counts.total() or now - told[1] >= EVERY


async def _tell(
    kafka: KafkaSettings,
    producer: AwaitedProducer,
    due: Mapping[str, Seen],
    kinds: Mapping[str, str],
    began: datetime,
    now: datetime,
) -> None:
    if not due:
        return
    there = await asyncio.to_thread(source_notices, kafka)
    notices = [
        merged(
            there.get(name),
            name,
            kinds[name],
            (process_name(began), SourceFigures(since=began, at=now, counts=dict(seen.counts))),
            seen,
        )
        for name, seen in due.items()
    ]
    for error in await producer.publish(_messages(notices)):
        if error is not None:
            raise producer.unavailable(error)


def _messages(notices: Iterable[SourceNotice]) -> list[OutgoingMessage]:
    return [OutgoingMessage(SOURCES.name, one.source.encode(), one.model_dump_json().encode()) for one in notices]
