"""Asks the brokers again and again, and exports what they say.

A stage exports its own progress, but not what waits for it while it has no living worker: the brokers know that. The
monitor joins no group and commits nothing, so it may come and go, and two of them do no harm.
"""

import logging
import math
import threading
import time
from datetime import datetime, timedelta

from streams.errors import CallsiftError
from streams.health import Health
from streams.kafka.brake_topic import notices
from streams.kafka.retention_topic import last_retention
from streams.monitor import metrics
from streams.monitor.observer import Observer
from streams.monitor.status import GroupStatus, Status
from streams.settings import RETAINED, KafkaSettings, MonitorSettings
from streams.topics import RETRIES, STAGES

logger = logging.getLogger(__name__)

_LONGEST_LOOK_S = 120.0
"""One that takes longer is stuck: every question that it asks has a limit, and they are few."""
_DELAYS_S = {topic.name: topic.delay_s or 0 for topic in RETRIES}


class Monitor:
    """Looks at the pipeline every few seconds, also while the brokers are away."""

    def __init__(self, kafka: KafkaSettings, settings: MonitorSettings) -> None:
        """Make the clients; they connect when they are asked.

        Raises:
            SettingsError: A certificate or key cannot be used.
        """
        self._kafka = kafka
        self._settings = settings
        self._observer = Observer(kafka)

    def run(self, health: Health, stopping: threading.Event) -> None:
        """Look until ``stopping`` is set: ready while the brokers answer, alive as long as looks come to an end."""
        health.silent_after_s = self._settings.interval_s + _LONGEST_LOOK_S
        health.beat()
        while not stopping.is_set():
            self._look(health)
            health.beat()
            stopping.wait(self._settings.interval_s)

    def _look(self, health: Health) -> None:
        try:
            status = self._observer.look()
            brakes = {name: notice.applied for name, notice in notices(self._kafka).items()}
            retention = last_retention(self._kafka)
        except CallsiftError as error:
            logger.warning("the brokers cannot be asked", extra={"error": error.message})
            _forget()
            health.pause("the brokers")
            return
        _show(status, brakes, retention)
        if health.paused is not None:
            logger.info("the brokers answer again")
        health.pause(None)
        health.joined = True


def _show(status: Status, brakes: dict[str, bool], retention: dict[str, datetime]) -> None:
    for group in status.groups:
        metrics.OLDEST_AGE.labels(group.name).set(_age_s(status, group))
        if group.name in STAGES:  # what waits for another try is not late
            waiting = dict.fromkeys((topic.name for topic in STAGES[group.name].consumes), 0)
            for partition in group.partitions:
                waiting[partition.topic] += partition.lag
            for topic, lag in waiting.items():
                metrics.LAG.labels(group.name, topic).set(lag)
    for retry in status.retries:
        metrics.RETRIES_WAITING.labels(retry.topic).set(retry.waiting)
    metrics.DEAD_LETTERS.set(status.dead_letters.not_replayed)
    metrics.OLD_DEAD_LETTERS.set(status.dead_letters.old)
    for stage in STAGES:
        metrics.BRAKE.labels(stage).set(brakes.get(stage, False))
    for kind in RETAINED:
        done_at = retention.get(kind)
        metrics.LAST_RETENTION.labels(kind).set(done_at.timestamp() if done_at else 0)
    metrics.LAST_LOOK.set(time.time())


def _forget() -> None:
    """Export no figure that may be wrong by now: old ones look like a pipeline in which nothing happens."""
    for metric in (metrics.LAG, metrics.OLDEST_AGE, metrics.RETRIES_WAITING, metrics.BRAKE, metrics.LAST_RETENTION):
        metric.clear()
    for metric in (metrics.DEAD_LETTERS, metrics.OLD_DEAD_LETTERS):
        metric.set(math.nan)  # without labels there is no other way


def _age_s(status: Status, group: GroupStatus) -> float:
    """Return the seconds since the oldest message should have been taken; NaN: it waits and its time is unknown."""
    ages_s: list[float] = []
    for partition in group.partitions:
        if partition.lag and partition.waiting_since is not None:
            due_at = partition.waiting_since + timedelta(seconds=_DELAYS_S.get(partition.topic, 0))
            ages_s.append(status.age_s(due_at) or 0.0)
    if not ages_s and group.lag:
        return math.nan
    return max(ages_s, default=0.0)
