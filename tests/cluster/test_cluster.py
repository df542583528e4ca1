"""The checks on a real API server. Those that need one meet the cluster that CALLSIFT_TEST_KUBECONFIG names."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.check import VALUES
from tests.cluster.client import ClusterRefused, Object
from tests.cluster.drain import refuse_second
from tests.cluster.life import install, upgrade_while_scaled
from tests.cluster.namespace import restricted_namespace, shared_folder
from tests.cluster.pods import container, here, niceness
from tests.cluster.readings import Reading, Rule, faults
from tests.cluster.release import Release, Seen, values
from tests.deploy import chart

ROOT = Path(__file__).parents[2]
RULE = Rule(least=1, most=6, threshold=60)
KUBECONFIG = os.environ.get("CALLSIFT_TEST_KUBECONFIG", "")
on_a_cluster = pytest.mark.skipif(not KUBECONFIG, reason="CALLSIFT_TEST_KUBECONFIG names no cluster to try things on")


def up_and_down() -> list[Reading]:
    lags = [0, 70, 190, 300, 310, 290, 250, 200, 150, 100, 50, 20, 0, 0, 0, 0]
    pods = [1, 1, 3, 4, 6, 6, 6, 6, 5, 5, 4, 3, 2, 1, 1, 1]
    return [
        Reading(at_s=12.0 * n, lag=lag, replicas=pods[n], workers=pods[n], outcomes=n) for n, lag in enumerate(lags)
    ]


def changed(number: int, **fields: Any) -> list[Reading]:
    readings = up_and_down()
    readings[number] = replace(readings[number], **fields)
    return readings


def test_a_stage_that_follows_its_lag_up_and_down_has_no_faults() -> None:
    assert faults(up_and_down(), RULE) == []


@pytest.mark.parametrize(
    ("readings", "fault"),
    [
        ([replace(one, replicas=1) for one in up_and_down()], "never became more than 1"),
        ([replace(one, replicas=min(2, one.replicas)) for one in up_and_down()], "never more than 2 pods"),
        (changed(2, replicas=6), "6 pods after 24 s, which no lag asked for"),
        (changed(-1, replicas=2), "2 pods at the end"),
        (changed(-1, lag=3), "a lag of 3 at the end"),
    ],
)
def test_scaling_that_breaks_the_rule_is_named(readings: list[Reading], fault: str) -> None:
    assert any(fault in found for found in faults(readings, RULE)), faults(readings, RULE)


@pytest.mark.parametrize(("lag", "pods"), [(0, 1), (60, 1), (61, 2), (300, 5), (10_000, 6)])
def test_a_lag_asks_for_as_many_pods_as_it_is_thresholds(lag: int, pods: int) -> None:
    assert RULE.replicas(lag) == pods


def test_the_worst_moment_of_a_watch_is_kept() -> None:
    seen = Seen()
    for line in ("a 4  1", "a 4 4 1", "a 4 2 1", "a 5 5 2"):  # the first one has no status.availableReplicas
        seen.note(line)
    assert seen.missing == {"a": 4}
    assert seen.wanted == {"a": {4, 5}}


def test_paths_in_a_mount_are_written_as_where_the_volume_is() -> None:
    mounts = {"/home": Path("/var/pods/1/home"), "/var/lib/audio": Path("/srv/tmp/audio"), "/var": Path("/srv/var")}
    texts = {
        "/home": "/var/pods/1/home",
        "file:///var/lib/audio/a.wav": "file:///srv/tmp/audio/a.wav",
        "--to=/home/models": "--to=/var/pods/1/home/models",
        "/var/run:/home": "/srv/var/run:/var/pods/1/home",
        "/homes": "/homes",
        "mongodb://data/home": "mongodb://data/home",
        "s3://bucket/var": "s3://bucket/var",
    }
    assert {text: here(text, mounts) for text in texts} == texts


class Rendered:
    """The objects that a set of values renders to, as an API server would give them."""

    def __init__(self, values: str) -> None:
        self._objects = {(found["kind"].lower(), found["metadata"]["name"]): found for found in chart.manifests(values)}

    def __call__(self, kind: str, name: str) -> Object:
        found = self._objects[kind, name]
        texts = found.get("stringData", {})
        return (
            found | {"data": {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}}
            if texts
            else found
        )

    def add(self, kind: str, name: str, found: Object) -> None:
        self._objects[kind, name] = found

    def pod(self, stage: str) -> Object:
        template: Object = self("deployment", f"callsift-{stage}")["spec"]["template"]
        return template | {"metadata": template["metadata"] | {"name": f"callsift-{stage}-1", "namespace": "calls"}}


def test_a_pods_process_is_told_what_its_container_would_be(tmp_path: Path) -> None:
    rendered = Rendered("sasl-tls")
    rendered.add("persistentvolumeclaim", "speech-models", {"spec": {"volumeName": "models"}})
    rendered.add("persistentvolume", "models", {"spec": {"hostPath": {"path": "/srv/models"}}})
    told = container(rendered.pod("transcribe"), tmp_path, rendered)
    assert told.command == ["callsift", "worker", "transcribe"]
    expected = {
        "CALLSIFT_KAFKA_PREFIX": "emea.",  # from the ConfigMap
        "CALLSIFT_KAFKA_PASSWORD": "not-a-password",  # from the Secret
        "CALLSIFT_KAFKA_CA_FILE": f"{tmp_path}/kafka/ca.crt",
        "CALLSIFT_VOSK_MODEL": "/srv/models/vosk-model-small-tr-0.3",  # from the claim's volume
        "CALLSIFT_TRANSCRIBE_PROCESSES": "2",
        "TMPDIR": str(tmp_path / "tmp"),
    }
    assert expected.items() <= told.environment.items()
    assert "CALLSIFT_MONGO_URI" not in told.environment
    assert "of the authority" in (tmp_path / "kafka" / "ca.crt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("cpu", "expected"), [("2", 0), ("1", 0), ("800m", 1), ("0.5", 3), ("100m", 10), ("1m", 19)])
def test_a_smaller_request_for_cpu_is_a_smaller_share(cpu: str, expected: int) -> None:
    assert niceness({"resources": {"requests": {"cpu": cpu}}}) == expected


def test_a_volume_that_only_a_kubelet_can_have_is_refused(tmp_path: Path) -> None:
    rendered = Rendered("keda")  # the model comes in an image
    with pytest.raises(ClusterRefused, match="image"):
        container(rendered.pod("transcribe"), tmp_path, rendered)


@pytest.mark.parametrize("program", ["check", "scaling"])
def test_without_a_cluster_the_programs_say_so_in_a_sentence(program: str, tmp_path: Path) -> None:
    chart.tool("kubectl")
    chart.tool("helm")
    nowhere = tmp_path / "kubeconfig"
    nowhere.write_text(
        json.dumps(
            {
                "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:9"}}],
                "contexts": [{"name": "none", "context": {"cluster": "none"}}],
                "current-context": "none",
            }
        )
    )
    ended = subprocess.run(
        [sys.executable, "-m", f"tests.cluster.{program}"],
        cwd=ROOT,
        env=os.environ | {"KUBECONFIG": str(nowhere)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: kubectl")
    assert "Traceback" not in ended.stderr


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Release]:
    """The check's own values in a namespace of its own, not installed yet."""
    monkeypatch.setenv("KUBECONFIG", KUBECONFIG)
    with restricted_namespace("callsift-test") as cluster, shared_folder(cluster, "recordings", tmp_path) as volume:
        options = [*values(VALUES), "--set", f"audioStore.persistence.storageClass={volume}"]
        yield Release(cluster, options)


@on_a_cluster
@pytest.mark.integration
def test_budgets_that_let_two_pods_go_at_once_are_found(release: Release) -> None:
    release.install("--set", "workerDefaults.disruptionBudget.maxUnavailable=2")
    with pytest.raises(ClusterRefused, match=r"disruption|allows one"):
        refuse_second(release)


@on_a_cluster
@pytest.mark.integration
def test_an_upgrade_that_sets_the_number_of_pods_is_found(release: Release) -> None:
    install(release)  # of fixed size: the chart names `replicas`
    with pytest.raises(ClusterRefused, match=r"told to have \{.*\} pods"):
        upgrade_while_scaled(release)
