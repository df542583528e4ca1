"""Every pod of the chart is made by one template: what holds for workers holds for jobs, hooks and the toolbox, too."""

import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.helm.reference import CHART
from tests.deploy.chart import (
    NAMES,
    POD_KINDS,
    Manifest,
    containers,
    documents,
    of_kind,
    pod_spec,
    pods,
    refusal,
    rendered,
    run,
    text,
    tool,
)
from tests.deploy.demands import amount

every_set = pytest.mark.parametrize("values", NAMES)


def pod_labels(manifest: Manifest) -> list[dict[str, str]]:
    """Labels at every level, from the object to its pods."""
    found = [manifest["metadata"]["labels"]]
    spec = manifest["spec"]
    while (inner := spec.get("jobTemplate", spec.get("template"))) is not None:
        found.append(inner["metadata"]["labels"])
        spec = inner["spec"]
    return found


@every_set
def test_no_container_asks_for_more_than_it_may_have(values: str) -> None:
    for name, container in containers(values):
        for what, limit in container["resources"]["limits"].items():
            assert amount(container["resources"]["requests"][what]) <= amount(limit), name


def test_a_request_above_its_limit_is_refused_with_the_cure() -> None:
    said = refusal("workers.sink.resources.requests.cpu=1500m")
    assert "sink: requests cpu 1500m and is limited to 1" in said
    assert "Raise the limit, or lower the request" in said
    assert "transcribe: requests memory 1Gi" in refusal("model.fetch.resources.requests.memory=1Gi")


@every_set
def test_every_level_of_every_workload_has_the_labels_that_policies_may_enforce(values: str) -> None:
    named = yaml.safe_load((CHART / "ci" / f"{values}-values.yaml").read_text(encoding="utf-8"))
    wanted = {"app.kubernetes.io/name", "app.kubernetes.io/component", *named.get("commonLabels", {})}
    for manifest in of_kind(values, *POD_KINDS):
        for labels in pod_labels(manifest):
            assert labels.keys() >= wanted, manifest["metadata"]["name"]


def test_what_podDefaults_say_reaches_every_container() -> None:  # noqa: N802 - the value's name
    found = containers("airgap")
    assert {name for name, _ in found} >= {
        f"callsift-{name}" for name in ("topics", "indexes", "retention", "test", "test-call", "toolbox")
    }
    assert [container["name"] for _, container in found].count("model") == 1
    for name, container in found:
        told = {entry["name"]: entry.get("value") for entry in container["env"]}
        assert told["HTTPS_PROXY"] == "http://proxy.corp.example:3128", name
        assert told["REQUESTS_CA_BUNDLE"] == "/etc/ssl/corp/ca.pem", name
        assert "/etc/ssl/corp" in {mount["mountPath"] for mount in container["volumeMounts"]}, name
    for name, spec in pods("airgap"):
        assert "corp-ca" in {volume["name"] for volume in spec["volumes"]}, name
        assert spec["hostAliases"] == [{"ip": "10.1.2.3", "hostnames": ["pbx.corp.example"]}], name
        assert spec["imagePullSecrets"] == [{"name": "harbor"}], name
        assert all(one["image"].startswith("harbor.corp.example/callsift/") for one in spec["containers"]), name


def test_jobs_have_labels_of_their_own_and_workers_do_not() -> None:
    inject = "sidecar.istio.io/inject"
    for manifest in of_kind("airgap", *POD_KINDS):
        component = manifest["metadata"]["labels"]["app.kubernetes.io/component"]
        is_job = component in {"topics", "indexes", "retention", "test", "test-call", "toolbox"}
        assert (pod_labels(manifest)[-1].get(inject) == "false") is is_job, component


def test_lists_add_up_a_name_comes_once_and_the_narrower_wins() -> None:
    [container] = [one for name, one in containers("layers") if name == "callsift-transcribe"]
    told = [entry["name"] for entry in container["env"]]
    assert len(told) == len(set(told))
    values = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert (
        values.items()
        >= {
            "OMP_NUM_THREADS": "1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel.observability:4318",
            "OTEL_SDK_DISABLED": "false",
            "TZ": "Europe/Istanbul",
        }.items()
    )
    assert container["resources"] == {"requests": {"cpu": "2", "memory": "1Gi"}, "limits": {"memory": "9Gi"}}
    [spec] = [spec for name, spec in pods("layers") if name == "callsift-transcribe"]
    assert [toleration["key"] for toleration in spec["tolerations"]] == ["calls", "speech"]
    [spread] = spec["topologySpreadConstraints"]
    assert spread["labelSelector"] == {"matchLabels": {"app.kubernetes.io/part-of": "callsift"}}
    labels = {found["metadata"]["name"]: pod_labels(found)[-1] for found in of_kind("layers", "Deployment")}
    assert {name: one["example.com/tier"] for name, one in labels.items()} == {
        name: "transcribe" if name == "callsift-transcribe" else "pods" for name in labels
    }
    [monitor] = of_kind("layers", "PodMonitor")
    assert monitor["metadata"]["labels"]["team"] == "watchers"


def test_a_strategy_that_recreates_has_nothing_of_a_rolling_one() -> None:
    strategies = {found["metadata"]["name"]: found["spec"].get("strategy") for found in of_kind("layers", "Deployment")}
    assert strategies["callsift-monitor"] == {"type": "Recreate"}
    assert strategies["callsift-sink"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }


def test_on_openshift_the_namespace_gives_the_user_and_hooks_have_the_account_that_is_there() -> None:
    for name, spec in pods("openshift"):
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & spec["securityContext"].keys(), name
        assert spec["serviceAccountName"] == "callsift-sa", name


def test_an_account_that_the_chart_makes_is_not_needed_before_it_is_there() -> None:
    for manifest in of_kind("minimal", *POD_KINDS):
        is_hook = "pre-install" in manifest["metadata"].get("annotations", {}).get("helm.sh/hook", "")
        assert pod_spec(manifest)["serviceAccountName"] == ("default" if is_hook else "callsift")


def test_spot_nodes_give_as_long_as_they_do() -> None:
    graces = {name: spec.get("terminationGracePeriodSeconds") for name, spec in pods("gke-spot")}
    assert graces["callsift-transcribe"] == 25
    assert graces["callsift-audio"] == 55


def test_the_toolbox_is_a_pod_that_waits_with_every_secret_and_ends_at_once() -> None:
    [spec] = [spec for name, spec in pods("existing-secrets") if name == "callsift-toolbox"]
    [container] = spec["containers"]
    assert container["image"].endswith("callsift-tools:0.1.0")
    held = {entry["name"] for entry in container["env"] if "valueFrom" in entry}
    assert held >= {"CALLSIFT_MONGO_URI"}
    assert container["envFrom"][0] == {"configMapRef": {"name": "callsift"}}
    waiting = subprocess.Popen(container["command"])
    waiting.terminate()
    assert waiting.wait(10) in {0, -15}  # before the trap is set the signal itself ends it
    assert not [
        found for found in rendered("minimal", "--set", "toolbox.enabled=false") if "toolbox" in str(found["metadata"])
    ]


def test_a_parent_chart_may_switch_it_off_and_name_the_registry_for_all(tmp_path: Path) -> None:
    parent = tmp_path / "platform"
    (parent / "charts").mkdir(parents=True)
    (parent / "charts" / "callsift").symlink_to(CHART)
    own = {"name": "callsift", "version": "0.1.0", "condition": "callsift.enabled"}
    chart = {"apiVersion": "v2", "name": "platform", "version": "0.1.0", "dependencies": [own]}
    (parent / "Chart.yaml").write_text(yaml.safe_dump(chart), encoding="utf-8")
    values = yaml.safe_load((CHART / "ci" / "minimal-values.yaml").read_text(encoding="utf-8"))
    values["image"] = {"registry": ""}
    shared = {"imageRegistry": "registry.corp.example", "imagePullSecrets": ["corp", {"name": "other"}]}

    def found(enabled: bool) -> list[Manifest]:
        given = {"callsift": values | {"enabled": enabled}, "global": shared}
        (tmp_path / "values.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")
        options = ("--namespace", "calls", "--kube-version", "1.33.0", "--values", str(tmp_path / "values.yaml"))
        answer = run(tool("helm"), "template", "platform", str(parent), *options)
        assert answer.returncode == 0, answer.stderr
        return documents(answer.stdout)

    assert found(enabled=False) == []
    made = [pod_spec(one) for one in found(enabled=True) if one["kind"] in POD_KINDS]
    assert made
    for spec in made:
        assert spec["imagePullSecrets"] == [{"name": "corp"}, {"name": "other"}]
        assert all(one["image"].startswith("registry.corp.example/callsift-") for one in spec["containers"])


def test_strimzis_secrets_are_taken_as_they_are() -> None:
    """A user's Secret has user.crt and user.key, or password; the brokers' authorities lie in one of the cluster."""
    made = {"strimzi-mtls": {"user.crt", "user.key"}, "gitops": {"password", "word"}}
    for values, keys in made.items():
        for name, spec in pods(values):
            sources = [
                source["secret"]
                for volume in spec["volumes"]
                for source in volume.get("projected", {}).get("sources", [])
            ]
            files = {one["items"][0]["path"]: (one["name"], one["items"][0]["key"]) for one in sources}
            [container] = spec["containers"]
            refs = [entry["valueFrom"]["secretKeyRef"] for entry in container["env"] if "valueFrom" in entry]
            if name == "callsift-indexes":
                assert not files, name
                continue
            assert files.pop("ca.crt") == ("main-cluster-ca-cert", "ca.crt"), name
            held = {key for _, key in files.values()} | {ref["key"] for ref in refs if "callsift-" in ref["name"]}
            assert held <= keys, name
            assert held, name
        [keda] = of_kind(values, "TriggerAuthentication")
        asked = {entry["parameter"]: (entry["name"], entry["key"]) for entry in keda["spec"]["secretTargetRef"]}
        assert asked.pop("ca") == ("main-cluster-ca-cert", "ca.crt")
        assert {secret for secret, _ in asked.values()} == {"callsift-scaler"}
        assert {key for _, key in asked.values()} <= keys
    assert "callsift-scaler" in text("gitops")
