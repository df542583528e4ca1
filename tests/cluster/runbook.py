"""The steps of docs/runbooks/CallsiftBrakeApplied.md, from the bad deployment on to the last outcome."""

import json
import time
from collections.abc import Callable

from tests.cluster.calls import Calls
from tests.cluster.client import ClusterRefused, Object, wait_until
from tests.cluster.installation import Installation
from tests.cluster.release import NAME, SELECTOR, STAGE

_STAGE = "audio"
_BAD = "https"
_REFUSES_ALL = ("--set", f"workers.{_STAGE}.config.CALLSIFT_FETCH_SCHEMES={_BAD}")
"""Recordings lie in the audio store, which no https leads to: each is an invalid event, once it is looked at."""
_BEFORE = 20
_LIMIT_S = 300.0
_QUIET_S = 10.0
_READY_FOR_S = 30
"""Seconds that a pod has to be ready for before it counts. Fake nodes call it ready before its probe was asked."""


class Runbook:
    """One stage, braked by a bad deployment, and what the runbook says to do."""

    def __init__(self, installation: Installation, calls: Calls, number: int) -> None:
        """Prepare; so many calls come while the bad deployment runs."""
        self._installation, self._calls, self._number = installation, calls, number
        self._release, self._cluster = installation.release, installation.release.cluster
        self._bad_workers: set[str] = set()
        self._letters = 0

    def steps(self) -> dict[str, Callable[[], str]]:
        """Return them in their order, each with what it sees; one that sees something wrong raises ClusterRefused."""
        return {
            "calls before": self._calls_before,
            "a deployment that refuses every recording": self._deploy,
            "calls come, the brake is applied": self._brake,
            "nothing more becomes a dead letter": self._stays,
            "helm rollback, rollout status": self._roll_back,
            "none of the bad version is left": self._none_left,
            "brake release": self._release_brake,
            "dlq replay": self._replay,
        }

    def _calls_before(self) -> str:
        if self._installation.runner is not None:
            patch = json.dumps({"spec": {"minReadySeconds": _READY_FOR_S}})
            names = [deployment["metadata"]["name"] for deployment in self._release.deployments()]
            self._cluster.kubectl("patch", "deployment", *names, f"--patch={patch}")
        self._calls.emit(_BEFORE)
        wait_until("the calls have outcomes", lambda: self._calls.states() == {"done": _BEFORE}, _LIMIT_S)
        return f"{_BEFORE} of {_BEFORE} calls done"

    def _deploy(self) -> str:
        self._release.upgrade(*_REFUSES_ALL)
        self._bad_workers = {pod["metadata"]["name"] for pod in self._pods() if _is_bad(pod)}
        if not self._bad_workers:
            raise ClusterRefused("no pod has the bad setting", "Look at the trial")
        return f"{len(self._bad_workers)} pods of {_STAGE} replaced, all ready"

    def _brake(self) -> str:
        self._calls.emit(self._number)
        wait_until("the brake is applied", lambda: self._notice()["applied"], _LIMIT_S)
        return str(self._notice()["reason"])

    def _stays(self) -> str:
        time.sleep(_QUIET_S)  # the other workers of the stage follow
        before = self._waiting_letters()
        time.sleep(_QUIET_S)
        self._letters = self._waiting_letters()
        if not 0 < before == self._letters < self._number:
            raise ClusterRefused(f"{before}, then {self._letters} dead letters", "The brake holds nothing")
        self._cluster.kubectl("rollout", "history", f"deploy/{NAME}-{_STAGE}")
        return f"{self._letters} dead letters, {self._number - self._letters} calls wait"

    def _roll_back(self) -> str:
        self._cluster.helm("rollback", NAME)
        limit = f"--timeout={_LIMIT_S:g}s"
        self._cluster.kubectl("rollout", "status", f"deploy/{NAME}-{_STAGE}", limit, limit_s=_LIMIT_S + 10)
        if not self._notice()["applied"]:
            raise ClusterRefused("the rollback released the brake", "Only a person may")
        ending = self._bad_workers & set(self._installation.workers(_STAGE))
        return f"the rollout ends although the stage is braked; {len(ending)} bad workers still end"

    def _none_left(self) -> str:
        wait_until(
            "the bad workers have ended",
            lambda: not self._bad_workers & set(self._installation.workers(_STAGE)),
            _LIMIT_S,
        )
        pods = self._pods()
        if bad := [pod["metadata"]["name"] for pod in pods if _is_bad(pod)]:
            raise ClusterRefused(f"of the bad version are still there: {bad}", "Look at their Deployment")
        if self._waiting_letters() != self._letters:
            raise ClusterRefused("the rollback made dead letters", "Look at them")
        return f"{len(pods)} pods of {_STAGE}, all of the version before"

    def _release_brake(self) -> str:
        self._installation.callsift("brake", "release", _STAGE, "--reason", "rolled back")
        expected = {"done": _BEFORE + self._number - self._letters, "failed": self._letters}
        wait_until("what waited is done", lambda: self._calls.states() == expected, _LIMIT_S)
        return f"{self._number - self._letters} calls that waited are done"

    def _replay(self) -> str:
        chosen = ("dlq", "replay", "--stage", _STAGE, "--not-replayed", "--json")
        would = self._installation.callsift(*chosen, "--dry-run").splitlines()
        done = self._installation.callsift(*chosen).splitlines()
        if not len(would) == len(done) == self._letters:
            raise ClusterRefused(f"{len(would)} would be replayed, {len(done)} were", f"Of {self._letters} letters")
        everything = {"done": _BEFORE + self._number}
        wait_until("every call is done", lambda: self._calls.states() == everything, _LIMIT_S)
        if self._waiting_letters():
            raise ClusterRefused("there are new dead letters", "Look at them")
        return f"{len(done)} replayed; all {_BEFORE + self._number} calls are done"

    def _pods(self) -> list[Object]:
        """Return the stage's pods, those that end included."""
        found: list[Object] = self._cluster.get("pods", "-l", f"{SELECTOR},{STAGE}={_STAGE}")["items"]
        return found

    def _notice(self) -> Object:
        """Return what `brake list` says of the stage."""
        notices = json.loads(self._installation.callsift("brake", "list", "--json"))
        return next((one for one in notices if one["stage"] == _STAGE), {"applied": False})

    def _waiting_letters(self) -> int:
        letters = self._installation.callsift("dlq", "list", "--stage", _STAGE, "--not-replayed", "--json")
        return len(letters.splitlines())


def _is_bad(pod: Object) -> bool:
    told = {entry["name"]: entry.get("value") for entry in pod["spec"]["containers"][0]["env"]}
    return told.get("CALLSIFT_FETCH_SCHEMES") == _BAD
