"""The chart, installed for a trial, with all that its pods need."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from streams.monitor.observer import Observer
from streams.settings import AudioStoreSettings, KafkaSettings
from streams.topics import PIPELINE
from tests.cluster.client import Cluster, ClusterRefused, wait_until
from tests.cluster.namespace import claim, shared_folder
from tests.cluster.pod_runner import PodRunner
from tests.cluster.release import NAME, SELECTOR, STAGE, Release, values
from tests.cluster.services import services

_NO_JOBS = f"{SELECTOR},!batch.kubernetes.io/job-name"
"""Fake nodes call a job's pod done as soon as it runs."""
_COMMAND_LIMIT_S = 180.0
_START_LIMIT_S = 300.0


@dataclass(frozen=True)
class Installation:
    """A release whose workers work."""

    release: Release
    kafka: KafkaSettings
    """How this machine reaches the brokers."""
    audio_store: str
    """Where this machine puts recordings."""
    runner: PodRunner | None
    """What runs the pods' workers, on fake nodes."""

    def workers(self, stage: str) -> list[str]:
        """Return the pods of a stage, by name, whose workers run: those that end included."""
        if self.runner is not None:
            return self.runner.running(f"{NAME}-{stage}-")
        pods = self.release.cluster.get("pods", "-l", f"{SELECTOR},{STAGE}={stage}")["items"]
        return [pod["metadata"]["name"] for pod in pods]

    def callsift(self, *arguments: str) -> str:
        """Run a command in the toolbox, as the runbooks do, and return what it writes.

        Raises:
            ClusterRefused: It failed.
        """
        if self.runner is not None:
            return self.runner.call(f"{NAME}-toolbox-", "callsift", *arguments, limit_s=_COMMAND_LIMIT_S)
        toolbox = ("exec", f"deploy/{NAME}-toolbox", "--", "callsift")
        return self.release.cluster.kubectl(*toolbox, *arguments, limit_s=_COMMAND_LIMIT_S)


@contextmanager
def installed(cluster: Cluster, values_file: Path, more_values: Sequence[Path], folder: Path) -> Iterator[Installation]:
    """Install the chart, and return when every stage has a worker in its group and helm's tests pass.

    Raises:
        CallsiftError: It does not get there.
    """
    options = values(values_file, *more_values)
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
            if not more_values or "bootstrap_servers" not in kafka.model_fields_set:
                raise ClusterRefused(
                    "pods really run here, and nothing says where their brokers and stores are",
                    "Set CALLSIFT_KAFKA_BOOTSTRAP_SERVERS and CALLSIFT_AUDIO_STORE_URI, and give --values",
                )
        release = Release(cluster, options)
        if runner is not None:
            stack.enter_context(runner)
        release.install()
        wait_until("every stage has a worker in its group", _is_staffed(Observer(kafka)), _START_LIMIT_S)
        release.test()
        yield Installation(release, kafka, audio_store, runner)


def _is_staffed(observer: Observer) -> Callable[[], bool]:
    def is_staffed() -> bool:
        groups = {group.name: group.members for group in observer.look().groups}
        return all(groups[stage] for stage in PIPELINE)

    return is_staffed
