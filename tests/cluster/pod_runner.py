"""Runs the processes of pods whose nodes are fake: what a kubelet does, as far as a worker can tell."""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.cluster.client import Cluster, ClusterRefused, Object
from tests.cluster.pods import container

ROOT = Path(__file__).parents[2]
_LOOK_S = 1.5
_NICE = "/usr/bin/nice"
_PROGRAMS = {"callsift": [sys.executable, "-m", "callsift"]}
"""What the images' programs are on this machine."""
_HOST = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "PYTHONUNBUFFERED": "1",
    # All pods share this machine's ports.
    "CALLSIFT_HTTP_PORT": "127.0.0.1:0",
}


@dataclass
class _Process:
    """A pod's first container."""

    pod: Object
    process: "subprocess.Popen[bytes]"
    kill_at_s: float | None = None
    """When it is killed, on the monotonic clock; None while its pod is there."""


class PodRunner(threading.Thread):
    """Runs the first container of every running pod of a selector as a process of this machine.

    A pod that is deleted is sent SIGTERM, and SIGKILL after its grace period. A process that ends by itself is started
    again, or its end is its pod's where the pod says so. Probes, images, init containers and limits are not played:
    fake nodes call every pod ready.
    """

    def __init__(self, cluster: Cluster, selector: str, folder: Path) -> None:
        """Prepare; ``folder`` gets every pod's volumes and log."""
        super().__init__(daemon=True, name="pod-runner")
        self._cluster, self._selector, self._folder = cluster, selector, folder
        self._processes: dict[str, _Process] = {}
        self._over: set[str] = set()
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

    def count(self, name: str) -> int:
        """Return how many processes of the pods whose names begin with ``name`` run, those about to end included."""
        return sum(one.pod["metadata"]["name"].startswith(name) for one in list(self._processes.values()))

    def _reconcile(self, pods: dict[str, Object]) -> None:
        for uid, pod in pods.items():
            if uid not in self._processes.keys() | self._over and "deletionTimestamp" not in pod["metadata"]:
                self._start(uid, pod)
        for uid, one in list(self._processes.items()):
            is_wanted = uid in pods and "deletionTimestamp" not in pods[uid]["metadata"]
            if not is_wanted and one.kill_at_s is None:
                one.kill_at_s = time.monotonic() + one.pod["spec"]["terminationGracePeriodSeconds"]
                one.process.terminate()
                self._say(one.pod["metadata"]["name"], "SIGTERM")
            if (code := one.process.poll()) is not None:
                self._say(one.pod["metadata"]["name"], f"ended with {code}")
                del self._processes[uid]
                if one.pod["spec"]["restartPolicy"] == "Never":
                    self._over.add(uid)
                    self._report(one.pod["metadata"]["name"], "Failed" if code else "Succeeded")
                else:
                    self.restarts += is_wanted
            elif one.kill_at_s is not None and time.monotonic() > one.kill_at_s:
                self._say(one.pod["metadata"]["name"], "SIGKILL")
                one.process.kill()
                self.killed += 1
                one.kill_at_s = float("inf")

    def _start(self, uid: str, pod: Object) -> None:
        name = pod["metadata"]["name"]
        what = container(pod, self._folder / name, self._cluster.get)
        program = _PROGRAMS.get(what.command[0], what.command[:1])
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [_NICE, "-n", str(what.niceness), *program, *what.command[1:]],
                cwd=ROOT,
                env={**what.environment, **_HOST, "HOSTNAME": name},
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the trial, which ends them in order
            )
        with suppress(OSError):  # where Linux gives every session an equal share, the session has to be nice
            Path(f"/proc/{process.pid}/autogroup").write_text(str(what.niceness), encoding="ascii")
        self._processes[uid] = _Process(pod, process)
        self._say(name, f"started: {' '.join(what.command)}")

    def _report(self, name: str, phase: str) -> None:
        change = json.dumps({"status": {"phase": phase}})
        self._cluster.kubectl("patch", "pod", name, "--subresource=status", "--type=merge", f"--patch={change}")

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
