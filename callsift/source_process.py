"""The process of one way in that asks or listens by itself: a watched folder, or a PBX."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable
from datetime import datetime

from callsift.worker import serve_health
from sources import metrics
from sources.asterisk.listener import Listener
from sources.asterisk.settings import AsteriskSettings
from sources.folder.ledger import Ledger
from sources.folder.settings import FolderSettings
from sources.folder.watcher import Watcher, since_of
from sources.intake import Intake
from streams.errors import SettingsError, TransientError
from streams.health import Health
from streams.host_metrics import watch_certificates
from streams.kafka import AwaitedProducer
from streams.logs import set_up_logging
from streams.renewal import end_when_renewed
from streams.settings import KafkaSettings, WorkerSettings

logger = logging.getLogger(__name__)

_BEAT_S = 2.0


def watch_folder(since: datetime | None) -> None:
    """Watch the folder of the settings until SIGTERM or SIGINT.

    Args:
        since: Take what ended then or later; None: as at the last start, at the first from now on.

    Raises:
        SettingsError: The settings do not allow a start.
        CallsiftError: Another process watches it, or its state cannot be kept.
    """
    settings = FolderSettings.read()
    if not settings.path:
        raise SettingsError("no folder is named", "Set CALLSIFT_FOLDER_PATH")
    ledger = Ledger(settings.state / f"{settings.name}.sqlite")
    watcher = Watcher(settings, ledger, since_of(ledger, since))

    async def work(intake: Intake, health: Health) -> None:
        while True:
            try:
                pause_s = await watcher.work(intake)
                health.joined = True
            except TransientError as error:
                logger.warning("the folder cannot be watched", extra={"error": str(error)})
                health.joined, pause_s = False, settings.poll_s
            await asyncio.sleep(pause_s)

    try:
        run(settings.name, work)
    finally:
        ledger.close()


def listen_to_asterisk() -> None:
    """Listen to the PBX of the settings until SIGTERM or SIGINT.

    Raises:
        SettingsError: The settings do not allow a start.
        CallsiftError: What is known of calls that go on cannot be kept.
    """
    settings = AsteriskSettings.read()
    if not settings.host:
        raise SettingsError("no PBX is named", "Set CALLSIFT_ASTERISK_HOST")

    async def work(intake: Intake, health: Health) -> None:
        await Listener(settings, lambda there: setattr(health, "joined", there)).work(intake)

    run(settings.name, work)


def run(source: str, work: Callable[[Intake, Health], Awaitable[None]]) -> None:
    """Run what a source does until SIGTERM or SIGINT, with metrics, health and a producer."""
    worker, kafka, health = WorkerSettings.read(), KafkaSettings.read(), Health()
    set_up_logging(worker.log_level, worker.log_format)
    serve_health(health, worker)
    watch_certificates(kafka)
    end_when_renewed(kafka)
    metrics.announce([source])
    asyncio.run(_until_stopped(kafka, health, work))


async def _until_stopped(
    kafka: KafkaSettings, health: Health, work: Callable[[Intake, Health], Awaitable[None]]
) -> None:
    working = asyncio.ensure_future(work(Intake(producer := AwaitedProducer(kafka)), health))
    beating = asyncio.create_task(_beat(health))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await working
    finally:
        beating.cancel()
        producer.close()


async def _beat(health: Health) -> None:
    while True:
        health.beat()
        await asyncio.sleep(_BEAT_S)
