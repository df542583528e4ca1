"""A worker whose consumer stops silently after its first event, as Faust's sometimes does."""

import asyncio
from functools import partial
from typing import Any

import faust

from schemas import CallEnded
from streams.faust_worker import watchdog
from streams.faust_worker import worker as faust_edge
from streams.health import Health
from streams.logs import set_up_logging
from streams.settings import KafkaSettings, RunnerSettings
from streams.topics import STAGES, Stage
from tests.chaos.worker import PrecomputedAudio


class Stopping(PrecomputedAudio):
    """Stops Faust's fetcher, without an error and without leaving the group."""

    def __init__(self, app: list[faust.App]) -> None:
        self._app = app
        self._tasks: list[asyncio.Task[Any]] = []

    async def work(self, call: CallEnded) -> Any:
        fetcher = self._app[0]._fetcher
        self._tasks.append(asyncio.create_task(fetcher.stop()))
        return await super().work(call)


def main() -> None:
    set_up_logging("INFO", "text")
    apps: list[faust.App] = []
    make_app = faust_edge.make_app

    def remembered(stage: Stage, kafka: KafkaSettings) -> faust.App:
        apps.append(make_app(stage, kafka))
        return apps[0]

    faust_edge.make_app = remembered
    watchdog._INTERVAL_S = 0.5  # it looks at every fifth second, which is long for a test
    faust_edge.run_worker(
        STAGES["audio"], partial(Stopping, apps), KafkaSettings.read(), RunnerSettings.read(), Health()
    )


if __name__ == "__main__":
    main()
