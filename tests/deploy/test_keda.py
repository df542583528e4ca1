"""What KEDA is told: it sends nobody away when it cannot see, and strands nobody without a word."""

import shutil
from pathlib import Path

import yaml

from deploy.helm.reference import CHART
from tests.deploy.chart import KUBERNETES, of_kind, rendered, run, tool


def test_nobody_is_sent_away_while_the_brokers_cannot_be_asked() -> None:
    for found in of_kind("keda", "ScaledObject"):
        fallback = found["spec"]["fallback"]
        assert fallback["behavior"] == "currentReplicasIfHigher"
        assert fallback["failureThreshold"] == 4
        assert fallback["replicas"] == (0 if found["metadata"]["name"] == "callsift-reprocess" else 2)


def test_further_fields_of_triggers_and_annotations_can_be_given() -> None:
    options = (
        *("--set-string", "workerDefaults.scaling.triggerMetadata.excludePersistentLag=true"),
        *("--set-string", r"workers.audio.scaling.annotations.autoscaling\.keda\.sh/paused=true"),
    )
    scalers = {one["metadata"]["name"]: one for one in rendered("keda", *options) if one["kind"] == "ScaledObject"}
    for found in scalers.values():
        assert {trigger["metadata"]["excludePersistentLag"] for trigger in found["spec"]["triggers"]} == {"true"}
    assert scalers["callsift-audio"]["metadata"]["annotations"] == {"autoscaling.keda.sh/paused": "true"}
    assert "annotations" not in scalers["callsift-sink"]["metadata"]


def test_the_notes_say_which_calls_would_wait_for_ever(tmp_path: Path) -> None:
    """Helm shows notes only where there is a cluster: here they are an object of a copy of the chart."""
    copy = Path(shutil.copytree(CHART, tmp_path / "callsift"))
    written = (copy / "templates" / "NOTES.txt").read_text(encoding="utf-8")
    as_object = (
        '{{- define "notes" -}}\n' + written + '{{- end }}\nkind: Notes\ntext: {{ include "notes" . | toJson }}\n'
    )
    (copy / "templates" / "notes.yaml").write_text(as_object, encoding="utf-8")

    def notes(*options: str) -> str:
        command = (
            tool("helm"),
            "template",
            "callsift",
            str(copy),
            "--namespace",
            "calls",
            "--kube-version",
            KUBERNETES,
        )
        own = ("--values", str(CHART / "ci" / "keda-values.yaml"), "--show-only", "templates/notes.yaml")
        answer = run(*command, *own, *options)
        assert answer.returncode == 0, answer.stderr
        return str(yaml.safe_load(answer.stdout)["text"])

    stranding = "workers.reprocess.scaling.activationLagThreshold=5"
    assert "wait for ever" not in notes()
    assert "image.registry is empty" in notes()
    said = notes("--set", stranding, "--set", "image.registry=registry.example.com")
    assert "workers.reprocess: up to 5 events wait for ever" in said
    assert "image.registry is empty" not in said
    assert "exec deploy/callsift-toolbox -- callsift status" in said
