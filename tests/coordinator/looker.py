"""What looks at the pipeline as the monitor and the watchdogs do, in a process of its own that may crash."""

import signal
import threading
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from multiprocessing.sharedctypes import Synchronized

from streams.kafka import KafkaUnavailable
from streams.kafka.lag import consumer_lag
from streams.monitor.observer import Observer
from streams.settings import KafkaSettings

_PAUSE_S = 0.02
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


class Looker:
    """One process that looks again and again."""

    def __init__(self, servers: str, looks: int | None = None) -> None:
        """Start it: it ends after so many looks at a whole pipeline, or when it is asked to (None)."""
        self._answered: Synchronized[int] = _CONTEXT.Value("i", 0)
        self._process: ForkServerProcess = _CONTEXT.Process(target=_look, args=(servers, looks, self._answered))
        self._process.start()

    @property
    def answered(self) -> int:
        """How many looks the brokers answered."""
        return self._answered.value

    @property
    def exit_code(self) -> int | None:
        """How it ended, by minus a signal's number where it was one; None: it runs."""
        return self._process.exitcode

    def join(self, limit_s: float) -> int:
        """Return how it ended; one that does not end in time is killed (-9)."""
        self._process.join(limit_s)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        return self._process.exitcode or 0

    def stop(self) -> int:
        """Ask it to end and return how it did."""
        if self._process.exitcode is None:
            self._process.terminate()
        return self.join(60)


def _look(servers: str, looks: int | None, answered: "Synchronized[int]") -> None:
    asked_to_end = threading.Event()  # an exception raised by a handler inside a client's call becomes a SystemError
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
    kafka = KafkaSettings(bootstrap_servers=servers)
    observer = Observer(kafka)
    while (looks is None or answered.value < looks) and not asked_to_end.wait(_PAUSE_S):
        try:
            status = observer.look()
        except KafkaUnavailable:
            continue
        places = {
            group.group: [(kafka.prefix + found.topic, found.partition) for found in group.partitions]
            for group in status.groups
        }
        lags = [consumer_lag(kafka, group, own) for group, own in places.items()]
        if all(places.values()) and None not in lags:
            answered.value += 1
