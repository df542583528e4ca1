"""The chart, installed for a scaling trial, with all that its pods need."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from streams.settings import AudioStoreSettings, KafkaSettings
from tests.cluster.client import Cluster, ClusterRefused, Object, wait_until
from tests.cluster.namespace import claim, shared_folder
from tests.cluster.pod_runner import PodRunner
from tests.cluster.readings import Rule
from tests.cluster.release import NAME, SELECTOR, Release, values
from tests.cluster.services import services

STAGE = "transcribe"
_VALUES = Path(__file__).parent / "values" / "scaling.yaml"
_KEDA_LIMIT_S = 120.0
_NO_JOBS = f"{SELECTOR},!batch.kubernetes.io/job-name"
"""Fake nodes call a job's pod done as soon as it runs."""


@dataclass(frozen=True)
class Installation:
    """A release whose transcribe stage KEDA scales."""

    release: Release
    kafka: KafkaSettings
    """How this machine reaches the brokers."""
    audio_store: str
    """Where this machine puts recordings."""
    rule: Rule
    """What the ScaledObject says."""
    runner: PodRunner | None
    """What runs the pods' workers, on fake nodes."""

    def workers(self) -> int:
        """Return how many workers of the stage run: those that end included, where this machine runs them."""
        if self.runner is not None:
            return self.runner.count(f"{NAME}-{STAGE}-")
        return len(self.release.pods(f"app.kubernetes.io/component={STAGE}"))


@contextmanager
def installed(cluster: Cluster, values_files: Sequence[Path], folder: Path) -> Iterator[Installation]:
    """Install the chart, and return when every Deployment is available, helm's test passes and KEDA scales transcribe.

    Raises:
        CallsiftError: It does not get there.
    """
    options = values(_VALUES, *values_files)
    with ExitStack() as stack:
        runner = None
        if cluster.has_fake_nodes():
            found = stack.enter_context(services(folder))
            kafka, audio_store = found.kafka, found.audio.as_uri()
            for name, shared in (("recordings", found.audio), ("speech-models", found.models)):
                claim(cluster, name, stack.enter_context(shared_folder(cluster, name, shared)))
            for name, value in (
                ("kafka.bootstrapServers", kafka.bootstrap_servers.replace(",", "\\,")),
                ("kafka.prefix", kafka.prefix),
                ("secrets.CALLSIFT_MONGO_URI", found.mongo_uri),
            ):
                options += ["--set-string", f"{name}={value}"]
            runner = PodRunner(cluster, _NO_JOBS, folder / "pods")
        else:
            kafka, audio_store = KafkaSettings.read(), AudioStoreSettings.read().uri
            if not values_files or "bootstrap_servers" not in kafka.model_fields_set:
                raise ClusterRefused(
                    "pods really run here, and nothing says where their brokers and stores are",
                    "Set CALLSIFT_KAFKA_BOOTSTRAP_SERVERS and CALLSIFT_AUDIO_STORE_URI, and give --values",
                )
        release = Release(cluster, options)
        if runner is not None:
            stack.enter_context(runner)
        release.install()
        release.test()
        wait_until("KEDA calls the ScaledObject ready", _keda_is_ready(cluster), _KEDA_LIMIT_S)
        yield Installation(release, kafka, audio_store, _rule(cluster), runner)


def _scaled_object(cluster: Cluster) -> Object:
    return cluster.get("scaledobject", f"{NAME}-{STAGE}")


def _keda_is_ready(cluster: Cluster) -> Callable[[], bool]:
    def is_ready() -> bool:
        conditions = _scaled_object(cluster).get("status", {}).get("conditions", [])
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    return is_ready


def _rule(cluster: Cluster) -> Rule:
    spec = _scaled_object(cluster)["spec"]
    [trigger] = spec["triggers"]
    return Rule(spec["minReplicaCount"], spec["maxReplicaCount"], int(trigger["metadata"]["lagThreshold"]))
