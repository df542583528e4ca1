"""A worker whose consumer stops silently after its first event, as Faust's sometimes does."""

import asyncio
import threading
from typing import Any

import faust

from schemas import CallEnded
from streams.faust_worker import StageWorker, watchdog
from streams.health import Health
from streams.logs import set_up_logging
from streams.settings import KafkaSettings, RunnerSettings
from streams.topics import STAGES
from tests.chaos.worker import PrecomputedAudio

SAID = "the caller's words"


def keep_what_was_said(words: str) -> None:
    """Hold a value of the kind that no log may show, for as long as the process lives."""
    threading.Event().wait()
    del words


class Stopping(PrecomputedAudio):
    """Stops Faust's fetcher, without an error and without leaving the group."""

    app: faust.App

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[Any]] = []

    async def work(self, call: CallEnded) -> Any:
        self._tasks.append(asyncio.create_task(self.app._fetcher.stop()))
        return await super().work(call)


def main() -> None:
    set_up_logging("INFO", "text")
    threading.Thread(target=keep_what_was_said, args=(SAID,), daemon=True).start()
    watchdog._INTERVAL_S = 0.5  # it looks at every fifth second, which is long for a test
    agent = Stopping()
    worker = StageWorker(
        STAGES["audio"], agent, kafka=KafkaSettings.read(), runner=RunnerSettings.read(), health=Health()
    )
    agent.app = worker._app
    worker.run()


if __name__ == "__main__":
    main()
