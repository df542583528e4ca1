"""One process: of one stage, of the retry mover, or of the monitor."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callsift.stages import make_agent
from streams.errors import SettingsError
from streams.health import Health, serve
from streams.host_metrics import watch_audio_store, watch_certificates
from streams.logs import set_up_logging
from streams.payloads.claim_check import ClaimCheckStore, public_address
from streams.payloads.claimed_turns import ClaimedTurns
from streams.processing.agent import Agent
from streams.settings import AudioStoreSettings, KafkaSettings, MonitorSettings, RunnerSettings, WorkerSettings
from streams.topics import STAGES

if TYPE_CHECKING:
    from streams.processing.tracing import Tracing

logger = logging.getLogger(__name__)

RETRY = "retry"
MONITOR = "monitor"
REPROCESS = "reprocess"
_NICENESS = 10
"""How far the lane gives way to live calls on the same machine (nice(2))."""
WORKERS = (*STAGES, RETRY, MONITOR)
"""What a process can be."""
_STORE_STAGES = {"audio", "transcribe"}
"""The stages that need the audio store for every call."""
_COLLECTOR = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Traces are sent if one of them is set."""


def work(name: str, make: Callable[[str], Agent[Any]] = make_agent) -> None:
    """Work until SIGTERM or SIGINT, a stage with the agent that ``make`` makes; leaves by SystemExit.

    Raises:
        SettingsError: The settings do not allow a start.
        CallsiftError: The stage's agent cannot start.
    """
    worker, kafka = WorkerSettings.read(), KafkaSettings.read()
    set_up_logging(worker.log_level, worker.log_format)
    health = Health()
    try:
        serve(health, *worker.listens_on)
    except OSError as error:
        where = "{}:{}".format(*worker.listens_on)
        raise SettingsError(f"cannot listen on {where}: {error.strerror}", "Set CALLSIFT_HTTP_PORT") from error
    if name == REPROCESS:
        os.nice(_NICENESS)
    watch_certificates(kafka)
    if name == RETRY:
        _move_retries(kafka, health)
    elif name == MONITOR:
        _monitor(kafka, health)
    else:
        from streams.faust_worker.worker import run_worker  # noqa: PLC0415 - the mover needs no Faust

        store = AudioStoreSettings.read()
        watch_audio_store(name, store)
        if store.is_folder and name in _STORE_STAGES:
            logger.warning(
                "the audio store is a folder: workers on other machines have to see the same one, or use s3://",
                extra={"address": public_address(store.uri)},
            )
        turns = ClaimedTurns(ClaimCheckStore(store.uri), store.message_limit_kb * 1024)
        tracing = make_tracing(name, kafka)
        try:
            run_worker(STAGES[name], lambda: make(name), kafka, RunnerSettings.read(), health, turns, tracing)
        finally:
            if tracing is not None:
                tracing.stop()


def make_tracing(stage: str, kafka: KafkaSettings) -> "Tracing | None":
    """Trace if OpenTelemetry's own variables name a collector and the extra is installed; else None."""
    told = {name: os.environ.get(f"OTEL_{name}", "").strip() for name in ("SDK_DISABLED", "TRACES_EXPORTER")}
    if told["SDK_DISABLED"].lower() == "true" or told["TRACES_EXPORTER"] == "none":
        return None
    if not any(os.environ.get(name) for name in _COLLECTOR):
        return None
    try:
        from streams.processing.tracing import Tracing  # noqa: PLC0415 - nobody needs OpenTelemetry but for this
    except ModuleNotFoundError as error:
        logger.warning(
            "a collector is named, but traces need another package: pip install 'callsift[tracing]'",
            extra={"missing": error.name},
        )
        return None
    return Tracing(stage, kafka.prefix)


def _move_retries(kafka: KafkaSettings, health: Health) -> None:
    from streams.retry_mover import RetryMover  # noqa: PLC0415

    RetryMover(kafka).run(health, _stopping().is_set)


def _monitor(kafka: KafkaSettings, health: Health) -> None:
    from streams.monitor import Monitor  # noqa: PLC0415 - the others export none of its metrics

    Monitor(kafka, MonitorSettings.read()).run(health, _stopping())


def _stopping() -> threading.Event:
    """Return what SIGTERM and SIGINT set."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping
