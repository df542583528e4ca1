"""One process: of one stage, of the retry mover, of the monitor, or of a worker beside the pipeline."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callsift.exits import told
from callsift.settings import refuse_unknown
from schemas.taxonomy import use
from streams.errors import SettingsError
from streams.health import Health, serve
from streams.host_metrics import watch_audio_store, watch_certificates
from streams.logs import set_up_logging
from streams.processing import NO_TRACING, Agent, Spans
from streams.renewal import end_when_renewed
from streams.settings import (
    AudioStoreSettings,
    KafkaSettings,
    MonitorSettings,
    RunnerSettings,
    TaxonomySettings,
    WorkerSettings,
)
from streams.topics import STAGES, Stage

if TYPE_CHECKING:
    from streams.payloads import ClaimCheckStore

logger = logging.getLogger(__name__)

RETRY = "retry"
MONITOR = "monitor"
REPROCESS = "reprocess"
OPERATIONS = "operations"
WEBHOOKS = "webhooks"
_NICENESS = 10
"""How far the lane gives way to live calls on the same machine (nice(2))."""
WORKERS = (*STAGES, RETRY, MONITOR)
"""The processes of the pipeline itself."""
ALL_WORKERS = (*WORKERS, OPERATIONS, WEBHOOKS)
"""What ``callsift worker`` can be."""
API = "api"
"""What ``callsift api`` is called beside them."""
_STORE_STAGES = {"audio", "transcribe"}
"""The stages that need the audio store for every call."""
_COLLECTOR = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Traces are sent if one of them is set."""


def run(name: str) -> None:
    """Be ``callsift worker NAME`` without the command line, whose libraries a worker does not need."""
    with told():
        refuse_unknown(os.environ)
        use(TaxonomySettings.read().folder)
        work(name)


def work(name: str, make: "Callable[[str, ClaimCheckStore], Agent[Any]] | None" = None) -> None:
    """Work until SIGTERM or SIGINT, a stage with its own agent or the one that ``make`` makes; leaves by SystemExit.

    Raises:
        SettingsError: The settings do not allow a start.
        CallsiftError: The stage's agent cannot start.
    """
    worker, kafka = WorkerSettings.read(), KafkaSettings.read()
    set_up_logging(worker.log_level, worker.log_format)
    health = Health()
    serve_health(health, worker)
    watch_certificates(kafka)
    end_when_renewed(kafka)
    if name == RETRY:
        _move_retries(kafka, health)
    elif name == MONITOR:
        _monitor(kafka, health)
    elif name == OPERATIONS:
        _do_operations(kafka, health)
    elif name == WEBHOOKS:
        _post_to_endpoints(kafka, health)
    else:
        _work_on(STAGES[name], make, kafka, health)


def serve_health(health: Health, worker: WorkerSettings) -> None:
    """Serve metrics and health from a thread.

    Raises:
        SettingsError: The port is taken.
    """
    try:
        serve(health, *worker.listens_on)
    except OSError as error:
        where = "{}:{}".format(*worker.listens_on)
        raise SettingsError(f"cannot listen on {where}: {error.strerror}", "Set CALLSIFT_HTTP_PORT") from error


def _work_on(
    stage: Stage, make: "Callable[[str, ClaimCheckStore], Agent[Any]] | None", kafka: KafkaSettings, health: Health
) -> None:
    from callsift.stages import make_agent  # the mover and the monitor need neither agents, store nor Faust
    from streams.faust_worker import StageWorker
    from streams.payloads import ClaimCheckStore, ClaimedTurns, public_address, refuse_unwritable

    if stage.name == REPROCESS:
        os.nice(_NICENESS)
    runner, settings = RunnerSettings.read(), AudioStoreSettings.read()
    watch_audio_store(stage.name, settings)
    if settings.is_folder and stage.name in _STORE_STAGES:
        logger.warning(
            "the audio store is a folder: workers on other machines have to see the same one, or use s3://",
            extra={"address": public_address(settings.uri)},
        )
        refuse_unwritable(settings)
    store = ClaimCheckStore(settings.uri)
    turns = ClaimedTurns(store, settings.message_limit_kb * 1024)
    tracing = make_tracing(stage.name, kafka)
    try:
        agent = (make or make_agent)(stage.name, store)
        StageWorker(stage, agent, kafka=kafka, runner=runner, health=health, turns=turns, tracing=tracing).run()
    finally:
        tracing.stop()


def make_tracing(stage: str, kafka: KafkaSettings) -> Spans:
    """Trace if OpenTelemetry's own variables name a collector and the extra is installed."""
    told = {name: os.environ.get(f"OTEL_{name}", "").strip() for name in ("SDK_DISABLED", "TRACES_EXPORTER")}
    if told["SDK_DISABLED"].lower() == "true" or told["TRACES_EXPORTER"] == "none":
        return NO_TRACING
    if not any(os.environ.get(name) for name in _COLLECTOR):
        return NO_TRACING
    try:
        from streams.processing.tracing import Tracing  # nobody needs OpenTelemetry but for this
    except ModuleNotFoundError as error:
        logger.warning(
            "a collector is named, but traces need another package: pip install 'callsift[tracing]'",
            extra={"missing": error.name},
        )
        return NO_TRACING
    return Tracing(stage, kafka.prefix)


def _move_retries(kafka: KafkaSettings, health: Health) -> None:
    from streams.retry_mover import RetryMover

    RetryMover(kafka).run(health, _stopping().is_set)


def _monitor(kafka: KafkaSettings, health: Health) -> None:
    from streams.monitor import Monitor  # the others export none of its metrics

    Monitor(kafka, MonitorSettings.read()).run(health, _stopping())


def _do_operations(kafka: KafkaSettings, health: Health) -> None:
    from agents.classify.settings import ClassifySettings
    from callsift.operations import OperationsWorker  # the others need neither forgetting nor classifiers
    from callsift.operations.work import Places
    from store.settings import StoreSettings

    places = Places(kafka, StoreSettings.read(), AudioStoreSettings.read(), ClassifySettings.read(when_away="wait"))
    OperationsWorker(places).run(health, _stopping())


def _post_to_endpoints(kafka: KafkaSettings, health: Health) -> None:
    from callsift.webhooks import WebhooksWorker  # the others post nowhere
    from sources.settings import SourcesSettings, read_sources
    from store.settings import StoreSettings

    file = read_sources(SourcesSettings.read())
    worker = WebhooksWorker(kafka, StoreSettings.read(), file.endpoints, file.public_url or "")
    asyncio.run(worker.run(health))


def _stopping() -> threading.Event:
    """Return what SIGTERM and SIGINT set."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping
