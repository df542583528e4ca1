"""The process of one way in that asks or listens by itself: a watched folder, or a PBX."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from agents.audio.fetch_settings import FetchSettings
from callsift.worker import serve_health
from sources import metrics
from sources.asterisk.listener import Listener
from sources.asterisk.settings import AsteriskSource
from sources.backoff import Backoff
from sources.folder.ledger import Ledger
from sources.folder.settings import FolderSource
from sources.folder.watcher import Watcher
from sources.intake import Intake
from sources.poller.settings import PollerSource
from sources.state_file import since_of
from sources.telling import tell_for_ever
from streams.errors import TransientError
from streams.health import Health
from streams.host_metrics import watch_certificates
from streams.kafka import AwaitedProducer
from streams.logs import set_up_logging
from streams.renewal import end_when_renewed
from streams.settings import AudioStoreSettings, KafkaSettings, WorkerSettings

logger = logging.getLogger(__name__)

_BEAT_S = 2.0


class Process(NamedTuple):
    """Settings of the process that a source runs in."""

    worker: WorkerSettings
    kafka: KafkaSettings


class Keeping(NamedTuple):
    """Settings of what a source downloads by itself: where it goes, and what it may be."""

    store: AudioStoreSettings
    fetching: FetchSettings


def watch_folder(name: str, source: FolderSource, state: Path, since: datetime | None, process: Process) -> None:
    """Watch a folder until SIGTERM or SIGINT.

    Args:
        name: The source's.
        source: Its settings.
        state: Folder of what was taken.
        since: Take what ended then or later; None: as at the last start, at the first from now on.
        process: Settings of the process.

    Raises:
        CallsiftError: Another process watches it, or its state cannot be kept.
    """
    ledger = Ledger(state / f"{name}.sqlite")
    watcher = Watcher(name, source, ledger, since_of(ledger, since))

    async def work(intake: Intake, health: Health) -> None:
        while True:
            try:
                pause_s = await watcher.work(intake)
                health.joined = True
            except TransientError as error:
                logger.warning("the folder cannot be watched", extra={"error": str(error)})
                health.joined, pause_s = False, source.poll_s
            await asyncio.sleep(pause_s)

    try:
        _run(name, "folder", work, process)
    finally:
        ledger.close()


def listen_to_asterisk(name: str, source: AsteriskSource, state: Path, process: Process) -> None:
    """Listen to a PBX until SIGTERM or SIGINT.

    Raises:
        CallsiftError: What is known of calls that go on cannot be kept.
    """

    async def work(intake: Intake, health: Health) -> None:
        file = state / f"{name}.json"
        await Listener(name, source, file, lambda there: setattr(health, "joined", there)).work(intake)

    _run(name, "asterisk", work, process)


def ask_poller(
    name: str, source: PollerSource, state: Path, since: datetime | None, process: Process, keeping: Keeping
) -> None:
    """Ask a PBX for its calls until SIGTERM or SIGINT; arguments as ``watch_folder`` has them.

    Raises:
        CallsiftError: Another process asks it, its state cannot be kept, or its mapping is none.
    """
    from sources.poller.ledger import Ledger
    from sources.poller.poller import Poller
    from sources.poller.recordings import Limits, Recordings
    from sources.poller.web import Web
    from streams.payloads import ClaimCheckStore

    ledger = Ledger(state / f"{name}.sqlite")
    limits = Limits(keeping.fetching.recording_limit_mb * 1024 * 1024, keeping.fetching.time_limit_s)

    async def work(intake: Intake, health: Health) -> None:
        web, backoff = Web(source), Backoff()
        recordings = Recordings(web, ClaimCheckStore(keeping.store.uri), limits, source.downloads)
        poller = Poller(name, source, ledger, since_of(ledger, since), web, recordings)
        try:
            while True:
                try:
                    pause_s = await poller.work(intake)
                    health.joined = True
                    backoff.succeeded()
                except TransientError as error:
                    logger.warning("the PBX cannot be asked", extra={"error": str(error)})
                    health.joined, pause_s = False, backoff.failed(error.retry_after_s)
                await asyncio.sleep(pause_s)
        finally:
            recordings.close()
            await web.close()

    try:
        _run(name, "poller", work, process)
    finally:
        ledger.close()


def _run(source: str, kind: str, work: Callable[[Intake, Health], Awaitable[None]], process: Process) -> None:
    """Run what a source of a kind does until SIGTERM or SIGINT, with metrics, notices, health and a producer."""
    health = Health()
    set_up_logging(process.worker.log_level, process.worker.log_format)
    serve_health(health, process.worker)
    watch_certificates(process.kafka)
    end_when_renewed(process.kafka)
    metrics.announce([source])
    asyncio.run(_until_stopped(process.kafka, health, work, {source: kind}))


async def _until_stopped(
    kafka: KafkaSettings, health: Health, work: Callable[[Intake, Health], Awaitable[None]], kinds: Mapping[str, str]
) -> None:
    working = asyncio.ensure_future(work(Intake(producer := AwaitedProducer(kafka)), health))
    beside = [asyncio.create_task(_beat(health)), asyncio.create_task(tell_for_ever(kafka, producer, kinds))]
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await working
    finally:
        for task in beside:
            task.cancel()
        producer.close()


async def _beat(health: Health) -> None:
    while True:
        health.beat()
        await asyncio.sleep(_BEAT_S)
