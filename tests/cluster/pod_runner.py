"""Runs the processes of pods whose nodes are fake: what a kubelet does, as far as a worker can tell."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from callsift.embedded import free_port
from tests.cluster.client import Cluster, ClusterRefused, Object, run
from tests.cluster.pods import Container, container
from tests.cluster.readiness import conditions, is_ready

ROOT = Path(__file__).parents[2]
_LOOK_S = 1.5
_NICE = "/usr/bin/nice"
_PROGRAMS = {"callsift": [sys.executable, "-m", "callsift"]}
"""What the images' programs are on this machine."""
_HOST = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}


@dataclass
class _Process:
    """A pod's first container."""

    pod: Object
    process: "subprocess.Popen[bytes]"
    port: int
    """Where it answers probes: all pods share this machine's ports."""
    kill_at_s: float | None = None
    """When it is killed, on the monotonic clock; None while its pod is there."""

    @property
    def name(self) -> str:
        """The pod's name."""
        return str(self.pod["metadata"]["name"])


class PodRunner(threading.Thread):
    """Runs the first container of every running pod of a selector as a process of this machine.

    A pod that is deleted is sent SIGTERM, and SIGKILL after its grace period. A process that ends by itself is started
    again, or its end is its pod's where the pod says so. Fake nodes call every pod ready at once; from the first look
    on it is as ready as its readiness probe finds it. Other probes, images, init containers and limits are not played.
    """

    def __init__(self, cluster: Cluster, selector: str, folder: Path) -> None:
        """Prepare; ``folder`` gets every pod's volumes and log."""
        super().__init__(daemon=True, name="pod-runner")
        self._cluster, self._selector, self._folder = cluster, selector, folder
        self._processes: dict[str, _Process] = {}
        self._over: set[str] = set()
        self._unready: set[str] = set()
        self._ending = threading.Event()
        self.restarts = 0
        """How many processes ended although their pod was there."""
        self.killed = 0
        """How many did not end within their grace period."""
        folder.mkdir(parents=True, exist_ok=True)
        self._journal: IO[str] = (folder / "pods.log").open("a", encoding="utf-8")

    def run(self) -> None:
        """Look at the pods until ``stop``, then end every process as if its pod were deleted."""
        while not self._ending.wait(_LOOK_S):
            try:
                found = self._cluster.get("pods", "-l", self._selector, "--field-selector", "status.phase=Running")
                self._reconcile({pod["metadata"]["uid"]: pod for pod in found["items"]})
            except ClusterRefused as error:  # as a kubelet does: it tries again
                self._say("pods", str(error))
        while self._processes:
            self._reconcile({})
            time.sleep(0.1)

    def running(self, name: str) -> list[str]:
        """Return the pods, by name, whose names begin with ``name`` and whose processes run, about to end or not."""
        return [one.name for one in list(self._processes.values()) if one.name.startswith(name)]

    def call(self, name: str, *command: str, limit_s: float) -> str:
        """Run one more command beside the process of the pod whose name begins with ``name``; return what it writes.

        Raises:
            ClusterRefused: There is none, or the command failed or took longer than ``limit_s`` seconds.
        """
        one = next((one for one in list(self._processes.values()) if one.name.startswith(name)), None)
        if one is None:
            raise ClusterRefused(f"no process of a pod {name}… runs", "Look at pods.log")
        what = container(one.pod, self._folder / one.name, self._cluster.get)
        return run(*_here(command), limit_s=limit_s, environment=_environment(what, one.name, one.port))

    def _reconcile(self, pods: dict[str, Object]) -> None:
        for uid, pod in pods.items():
            if uid not in self._processes.keys() | self._over and "deletionTimestamp" not in pod["metadata"]:
                self._start(uid, pod)
        for uid, one in list(self._processes.items()):
            is_wanted = uid in pods and "deletionTimestamp" not in pods[uid]["metadata"]
            if not is_wanted and one.kill_at_s is None:
                one.kill_at_s = time.monotonic() + one.pod["spec"]["terminationGracePeriodSeconds"]
                one.process.terminate()
                self._say(one.name, "SIGTERM")
            if (code := one.process.poll()) is not None:
                self._say(one.name, f"ended with {code}")
                self._end_group(one)
                del self._processes[uid]
                if one.pod["spec"]["restartPolicy"] == "Never":
                    self._over.add(uid)
                    self._report(one.name, {"phase": "Failed" if code else "Succeeded"})
                else:
                    self.restarts += is_wanted
            elif one.kill_at_s is not None and time.monotonic() > one.kill_at_s:
                self._say(one.name, "SIGKILL")
                self._end_group(one)
                self.killed += 1
                one.kill_at_s = float("inf")
            if is_wanted and uid in self._processes:
                self._probe(uid, one)

    def _probe(self, uid: str, one: _Process) -> None:
        """Make the pod as ready as its process is."""
        if probe := one.pod["spec"]["containers"][0].get("readinessProbe"):
            ready = is_ready(one.port, probe["httpGet"]["path"])
            if ready is (uid in self._unready):
                self._tell(uid, one.name, ready=ready)

    def _tell(self, uid: str, name: str, *, ready: bool) -> None:
        self._report(name, {"conditions": conditions(ready=ready)})
        (self._unready.discard if ready else self._unready.add)(uid)
        self._say(name, "ready" if ready else "not ready")

    def _end_group(self, one: _Process) -> None:
        """Kill what is left of a container when its first process has ended, or has to."""
        with suppress(ProcessLookupError):
            os.killpg(one.process.pid, signal.SIGKILL)

    def _start(self, uid: str, pod: Object) -> None:
        name, port = pod["metadata"]["name"], free_port()
        if "readinessProbe" in pod["spec"]["containers"][0] and uid not in self._unready:
            self._tell(uid, name, ready=False)
        what = container(pod, self._folder / name, self._cluster.get)
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [_NICE, "-n", str(what.niceness), *_here(what.command)],
                cwd=ROOT,
                env=_environment(what, name, port),
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the trial, which ends them in order
            )
        with suppress(OSError):  # where Linux gives every session an equal share, the session has to be nice
            Path(f"/proc/{process.pid}/autogroup").write_text(str(what.niceness), encoding="ascii")
        self._processes[uid] = _Process(pod, process, port)
        self._say(name, f"started: {' '.join(what.command)}")

    def _report(self, name: str, status: Object) -> None:
        change = json.dumps({"status": status})
        self._cluster.kubectl("patch", "pod", name, "--subresource=status", "--type=strategic", f"--patch={change}")

    def _say(self, name: str, what: str) -> None:
        self._journal.write(f"{datetime.now(UTC):%H:%M:%S} {name} {what}\n")
        self._journal.flush()

    def stop(self) -> None:
        """End every process, each with its pod's grace, and return when all have ended."""
        self._ending.set()
        self.join()
        self._journal.close()

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()


def _here(command: Sequence[str]) -> list[str]:
    """Return a container's command as this machine has it."""
    return [*_PROGRAMS.get(command[0], command[:1]), *command[1:]]


def _environment(what: Container, name: str, port: int) -> dict[str, str]:
    return {**what.environment, **_HOST, "CALLSIFT_HTTP_PORT": f"127.0.0.1:{port}", "HOSTNAME": name}
