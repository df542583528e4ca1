"""Ways in that run by themselves: a source has one pod, with its own secrets and ways and no more."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.helm.reference import CHART
from sources.settings import SourcesFile
from sources.webhooks import make_sources
from streams.kafka.acls import SOURCE, users
from streams.settings import KafkaSettings
from tests.deploy.chart import Manifest, containers, of_kind, pod_spec, refusal, rendered

FOLDER = "/etc/callsift/sources"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "ci" / "sources-values.yaml").read_text(encoding="utf-8"))
PODS = {"source-share", "source-bucket-eu", "source-pbx"}


def deployments(values: str, *options: str) -> dict[str, Manifest]:
    found = rendered(values, *options) if options else of_kind(values, "Deployment")
    return {
        one["metadata"]["labels"]["app.kubernetes.io/component"]: one for one in found if one["kind"] == "Deployment"
    }


def held(deployment: Manifest) -> set[str]:
    """Which files of the sources' folder a pod finds."""
    [volume] = [one for one in pod_spec(deployment)["volumes"] if one["name"] == "sources"]
    [(kind, file), *secrets] = [next(iter(source.items())) for source in volume["projected"]["sources"]]
    assert (kind, file) == ("configMap", {"name": "callsift-sources"})
    assert all(secret["name"] == "pbx-secrets" for _, secret in secrets)
    return {item["path"] for _, secret in secrets for item in secret["items"]}


def written() -> dict[str, str]:
    [found] = [one for one in of_kind("sources", "ConfigMap") if one["metadata"]["name"] == "callsift-sources"]
    data: dict[str, str] = found["data"]
    return data


def test_there_is_none_by_default() -> None:
    assert not [name for name in deployments("minimal") if name.startswith("source")]
    assert not of_kind("minimal", "PersistentVolumeClaim")


def test_callsift_takes_the_file_and_the_mappings_that_the_pods_are_given(tmp_path: Path) -> None:
    data = written()
    file = yaml.safe_load(data["sources.yaml"])
    read = SourcesFile.model_validate(file)
    assert str(read.state) == "/var/lib/callsift/sources"
    assert file == VALUES["sources"]["file"] | {"state": str(read.state)}
    for name in data.keys() - {"sources.yaml"}:
        (tmp_path / name).write_text(data[name], encoding="utf-8")
    (tmp_path / "twilio-auth-token").write_text("a-token-of-a-trial", encoding="utf-8")
    here = SourcesFile.model_validate(yaml.safe_load(data["sources.yaml"].replace(FOLDER, str(tmp_path))))
    assert make_sources(here).keys() == {"phone", "shop"}


def test_every_source_but_webhooks_has_one_pod_with_its_own_state_that_is_never_two() -> None:
    found = deployments("sources")
    assert {name for name in found if name.startswith("source")} == PODS
    claims = {one["metadata"]["name"]: one["spec"] for one in of_kind("sources", "PersistentVolumeClaim")}
    assert claims.keys() == {f"callsift-{name}" for name in PODS}
    for name in PODS:
        spec = found[name]["spec"]
        assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})  # workerDefaults have KEDA here
        [state] = [one for one in pod_spec(found[name])["volumes"] if one["name"] == "state"]
        assert state["persistentVolumeClaim"]["claimName"] == f"callsift-{name}"
        assert claims[f"callsift-{name}"]["accessModes"] == ["ReadWriteOnce"]
        [container] = pod_spec(found[name])["containers"]
        mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        assert (mounts["state"], mounts["sources"]) == ("/var/lib/callsift/sources", FOLDER)
        assert container["image"].endswith("/callsift-source:0.1.0")
    assert not [one for one in of_kind("sources", "ScaledObject") if "source" in one["metadata"]["name"]]


def test_the_command_follows_from_where_the_file_lists_a_source_whatever_kinds_there_are() -> None:
    args = {name: pod_spec(found)["containers"][0].get("args") for name, found in deployments("sources").items()}
    assert args["source-pbx"] == ["source", "asterisk", "pbx"]
    assert args["source-bucket-eu"] == ["source", "folder", "bucket_eu"]
    assert args["source-share"] == ["source", "folder", "share", "--since", "2026-11-01T00:00:00Z"]
    new = "sources.file.bells.door"
    more = deployments("sources", "--set", f"{new}.url=http://door:8088/api,{new}.secret_file={FOLDER}/door")
    [container] = pod_spec(more["source-door"])["containers"]
    assert container["args"] == ["source", "bell", "door"]
    assert held(more["source-door"]) == {"door"}
    assert {"secretRef": {"name": "bucket"}} in container["envFrom"]  # it brings the recordings along


def test_a_pod_finds_the_secrets_that_its_source_names_and_the_api_those_of_the_webhooks() -> None:
    found = deployments("sources")
    assert held(found["source-pbx"]) == {"pbx"}
    assert held(found["source-share"]) == held(found["source-bucket-eu"]) == set()
    assert held(found["api"]) == {"twilio-auth-token"}
    named = {name for name, one in found.items() if "sources" in {v["name"] for v in pod_spec(one)["volumes"]}}
    assert named == {*PODS, "api"}
    for name, container in containers("sources"):
        told = {entry["name"]: entry.get("value") for entry in container["env"]}
        reads = name.removeprefix("callsift-") in named
        assert told.get("CALLSIFT_SOURCES_FILE") == (f"{FOLDER}/sources.yaml" if reads else None), name


def test_a_source_is_the_user_who_may_only_hand_calls_in_and_tell_of_itself() -> None:
    [user] = [user for user in users(KafkaSettings()) if user.runs == SOURCE]
    assert [(rule.name, rule.operations) for rule in user.rules] == [
        ("calls.ended", ("Write",)),
        ("calls.sources", ("Read", "Write")),
    ]
    for name in PODS:
        [container] = pod_spec(deployments("sources")[name])["containers"]
        told = {entry["name"]: entry for entry in container["env"]}
        assert told["CALLSIFT_KAFKA_USERNAME"]["value"] == user.name
        assert told["CALLSIFT_KAFKA_PASSWORD"]["valueFrom"]["secretKeyRef"] == {"name": user.name, "key": "password"}
        assert not {"CALLSIFT_MONGO_URI"} & told.keys()


@pytest.mark.parametrize(
    ("component", "wanted"),
    [
        ("source-share", [{53, 5353}, {9093}]),
        ("source-pbx", [{53, 5353}, {9093}, {5039}]),
        ("source-bucket-eu", [{53, 5353}, {9093}, {443}]),
    ],
)
def test_a_source_reaches_the_brokers_and_its_pbx_or_bucket_and_nobody_else(
    component: str, wanted: list[set[int]]
) -> None:
    [policy] = [
        one["spec"]
        for one in of_kind("sources", "NetworkPolicy")
        if one["metadata"]["labels"]["app.kubernetes.io/component"] == component
    ]
    assert [{port["port"] for port in rule["ports"]} for rule in policy["egress"]] == wanted


def test_ports_of_a_pbx_follow_from_the_file() -> None:
    more = rendered(
        "sources", "--set", "sources.file.asterisks.old.host=old,sources.file.bells.door.url=http://door:8088/api"
    )
    policies = {one["metadata"]["name"]: one["spec"] for one in more if one["kind"] == "NetworkPolicy"}
    pbx = {name: policies[f"callsift-source-{name}"]["egress"][2]["ports"] for name in ("old", "door")}
    assert pbx == {
        "old": [{"port": 5038, "protocol": "TCP"}],
        "door": [{"port": 8088, "protocol": "TCP"}],
    }
    said = refusal("networkPolicy.ways.pbx.ports[0].port=5038", values="sources")
    assert "networkPolicy.ways.pbx.ports leaves out port 5039" in said


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("sources.file.state=/tmp", "leave state out"),
        ("sources.existingSecret=", "put it into a Secret, and name that in sources.existingSecret"),
        ("sources.pods.share2.enabled=false", "sources.file has no such source"),
        ("sources.file.folders.bucket-eu.path=s3://other", "two sources would have the pod source-bucket-eu"),
    ],
)
def test_what_does_not_fit_together_is_refused_with_the_cure(setting: str, says: str) -> None:
    assert says in refusal(setting, values="sources")


def test_one_source_can_be_left_out() -> None:
    left = deployments("sources", "--set", "sources.pods.share.enabled=false")
    assert {name for name in left if name.startswith("source")} == PODS - {"source-share"}


def test_compose_watches_the_folder_of_recordings_unless_it_is_told_otherwise() -> None:
    root = CHART.parents[2]
    services = yaml.safe_load((root / "docker-compose.kafka.yml").read_text(encoding="utf-8"))["services"]
    source = services["source"]
    assert source["profiles"] == ["sources"]
    file = SourcesFile.model_validate(
        yaml.safe_load((root / "deploy/compose/sources/sources.yaml").read_text(encoding="utf-8"))
    )
    assert file.folders["recordings"].path == "/recordings"
    mounted = {one.split(":")[-2] if one.endswith(":ro") else one.split(":")[-1] for one in source["volumes"]}
    assert {str(file.state), "/recordings", FOLDER} <= mounted
    assert "/recordings" in services["audio"]["environment"]["CALLSIFT_FETCH_FILE_ROOTS"].split(",")
