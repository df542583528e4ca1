"""One process of one stage."""

from callsift.stages import make_agent
from streams.catalogue import STAGES
from streams.errors import SettingsError
from streams.faust_edge import run_worker
from streams.health import Health, serve
from streams.logs import set_up_logging
from streams.settings import KafkaSettings, RunnerSettings, WorkerSettings


def work(stage: str) -> None:
    """Work on a stage until SIGTERM or SIGINT; leaves by SystemExit.

    Raises:
        SettingsError: The settings do not allow a start.
        CallsiftError: The stage's agent cannot start.
    """
    worker, kafka, runner = WorkerSettings.read(), KafkaSettings.read(), RunnerSettings.read()
    set_up_logging(worker.log_level, worker.log_format)
    health = Health()
    try:
        serve(health, worker.http_host, worker.http_port)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {worker.http_host}:{worker.http_port}: {error.strerror}", "Set CALLSIFT_HTTP_PORT"
        ) from error
    run_worker(STAGES[stage], lambda: make_agent(stage), kafka, runner, health)
