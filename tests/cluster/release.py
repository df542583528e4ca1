"""One release of the chart: its Deployments, how many pods they want, and how many they have at every moment."""

import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.helm.reference import CHART
from tests.cluster.client import Cluster, Object, wait_until

NAME = "callsift"
SELECTOR = f"app.kubernetes.io/instance={NAME}"
STAGE = "app.kubernetes.io/component"
_COLUMNS = 'jsonpath={.metadata.name} {.spec.replicas} {.status.availableReplicas} {.status.observedGeneration}{"\\n"}'


@dataclass
class Seen:
    """What a watch saw of every Deployment, by its name."""

    wanted: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Every number of pods that it was told to have."""
    missing: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How many pods were not available of those wanted, at the worst moment."""

    def note(self, line: str) -> None:
        """Take in one line of the watch: name, pods wanted, pods available (absent: none)."""
        name, wanted, *rest = line.split()
        available = int(rest[0]) if len(rest) > 1 else 0
        self.wanted[name].add(int(wanted))
        self.missing[name] = max(self.missing[name], int(wanted) - available)


@dataclass(frozen=True)
class Release:
    """The chart installed in a namespace as ``callsift``."""

    cluster: Cluster
    options: Sequence[str]
    """Values, as options of helm."""

    def install(self, *more: str) -> None:
        """Install it and return when every Deployment is available.

        Helm's own ``--wait`` would, from helm 4 on, wait for KEDA to reach the brokers, too.

        Raises:
            ClusterRefused: It did not get there.
        """
        self.cluster.helm("install", NAME, str(CHART), *self.options, *more)
        self.wait_until_available()

    def upgrade(self, *more: str) -> None:
        """Upgrade it to the same values and ``more``, and return when every Deployment is available.

        Raises:
            ClusterRefused: It did not get there.
        """
        self.cluster.helm("upgrade", NAME, str(CHART), *self.options, *more)
        self.wait_until_available()

    def test(self) -> None:
        """Run the chart's own tests: a pod compares the topics with the catalogue, another sends a call.

        Raises:
            ClusterRefused: The topics differ, the call got no category, or a pod did not get there.
        """
        self.cluster.helm("test", NAME, "--timeout", "6m")

    def deployments(self) -> list[Object]:
        """Return its Deployments."""
        found: list[Object] = self.cluster.get("deployments", "-l", SELECTOR)["items"]
        return found

    def pods(self, *selectors: str) -> list[Object]:
        """Return its workers' pods that are not about to go, of all stages or where ``selectors`` fit."""
        found = self.cluster.get("pods", "-l", ",".join((SELECTOR, "pod-template-hash", *selectors)))["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def replicas(self, stage: str) -> int:
        """Return how many pods a stage is told to have."""
        return int(self.cluster.get("deployment", f"{NAME}-{stage}")["spec"]["replicas"])

    def scale(self, replicas: int, *names: str) -> None:
        """Set how many pods Deployments have, as an autoscaler does, and wait until they have them.

        Raises:
            ClusterRefused: They do not get there.
        """
        self.cluster.kubectl("scale", "deployment", *names, f"--replicas={replicas}")
        self.wait_until_available()

    def wait_until_available(self) -> None:
        """Return when every Deployment has as many available pods as it wants, all of its newest template.

        Raises:
            ClusterRefused: They do not get there.
        """
        wait_until("every Deployment is available", lambda: all(map(_is_available, self.deployments())), 300)

    @contextmanager
    def watched(self) -> Iterator[Seen]:
        """Yield what is seen of the Deployments for as long as the block runs: every change, not samples."""
        seen = Seen()
        watch = self.cluster.watching("get", "deployments", "-l", SELECTOR, "--watch", "-o", _COLUMNS)
        reader = threading.Thread(target=_read, args=(watch, seen), daemon=True)
        reader.start()
        try:
            names = {deployment["metadata"]["name"] for deployment in self.deployments()}
            wait_until("the watch has begun", lambda: names <= seen.wanted.keys(), 20)
            yield seen
        finally:
            watch.terminate()
            watch.wait()
            reader.join()


def values(*files: Path) -> list[str]:
    """Return files of values as options of helm."""
    return [part for file in files for part in ("--values", str(file))]


def _read(watch: "subprocess.Popen[str]", seen: Seen) -> None:
    for line in watch.stdout or ():
        seen.note(line)


def _is_available(deployment: Object) -> bool:
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    is_current = status.get("observedGeneration") == deployment["metadata"]["generation"]
    counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return is_current and counts == [wanted] * 3
