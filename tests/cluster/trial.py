"""A backlog comes and goes: what is looked at every few seconds, and for how long."""

import time
from itertools import pairwise

from callsift.commands.output import notes
from streams.monitor.observer import Observer
from tests.cluster.calls import Calls
from tests.cluster.installation import Installation
from tests.cluster.readings import Reading, Rule

STAGE = "transcribe"
_LOOK_S = 4.0
_UPGRADE = "helm upgrade"
_HARMLESS = ("--set", "workerDefaults.disruptionBudget.maxUnavailable=2")
"""A change that replaces no pod."""


class Trial:
    """One backlog of calls on an installation."""

    def __init__(self, installation: Installation, rule: Rule, calls: Calls) -> None:
        """Prepare; ``rule`` is how the stage is scaled."""
        self._installation, self._rule, self._calls = installation, rule, calls
        self._observer = Observer(installation.kafka)
        self._readings: list[Reading] = []
        self._started_s = 0.0

    def run(self, calls: int, limit_s: float) -> list[Reading]:
        """Emit the calls and look until all have an outcome and the pods are as few as before, or time is up.

        Once the stage is scaled up, the release is upgraded: a chart that sets ``replicas`` would reset it.

        Raises:
            CallsiftError: Something cannot be asked.
        """
        self._started_s = time.monotonic()
        self._look("")
        self._calls.emit(calls)
        event, has_upgraded = f"{calls} calls emitted", False
        while True:
            now = self._look(event)
            event = ""
            if now.outcomes >= calls and now.lag == 0 and now.replicas == self._rule.least:
                return self._readings
            if now.at_s > limit_s:
                return self._readings
            if now.replicas > self._rule.least + 1 and not has_upgraded:
                self._installation.release.upgrade(*_HARMLESS)
                event, has_upgraded = _UPGRADE, True
            time.sleep(_LOOK_S)

    def problems(self) -> list[str]:
        """Return what is wrong with what came of the calls and of the pods."""
        tally, runner, rule = self._calls.tally(), self._installation.runner, self._rule
        found = [f"{tally[what]} calls {what} outcome" for what in ("without", "with several") if tally[what]]
        for before, after in pairwise(self._readings):
            # the lag may have gone down meanwhile, and the pods with it: what it still asks for has to be there
            if after.event == _UPGRADE and after.replicas < min(before.replicas, rule.replicas(after.lag)):
                found.append(f"an upgrade took {before.replicas} pods down to {after.replicas}")
        if runner is not None and runner.restarts:
            found.append(f"{runner.restarts} workers ended by themselves")
        if runner is not None and runner.killed:
            found.append(f"{runner.killed} workers did not end within their grace period")
        return found

    def _look(self, event: str) -> Reading:
        status = self._observer.look()
        [lag] = [group.lag for group in status.groups if group.name == STAGE]
        reading = Reading(
            time.monotonic() - self._started_s,
            lag,
            self._installation.release.replicas(STAGE),
            len(self._installation.workers(STAGE)),
            self._calls.done,
            event,
        )
        self._readings.append(reading)
        notes.print(
            f"{reading.at_s:5.0f} s  lag {lag:4}  replicas {reading.replicas:2}  workers {reading.workers:2}"
            f"  outcomes {reading.outcomes:4}  {event}",
            highlight=False,
        )
        return reading
