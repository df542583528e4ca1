"""The Helm chart: it renders, what it renders is valid and keeps to the policies, and it refuses what cannot work."""

import json
from pathlib import Path

import pytest
import yaml

from callsift.reference import SECTIONS
from callsift.worker import WORKERS
from deploy.helm import reference
from deploy.helm.reference import CHART
from streams.catalogue import ALL_TOPICS, RETRIES, STAGES
from streams.retry_mover import GROUP
from streams.settings import PrivacySettings, RunnerSettings
from tests.deploy.chart import NAMES, containers, of_kind, pods, refusal, run, settings, template, text, tool

SCHEMAS = Path(reference.__file__).parent / "schemas"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
KNOWN = {section.variable(field) for section in SECTIONS.values() for field in section.model_fields}
every_set = pytest.mark.parametrize("values", NAMES)


@every_set
def test_helm_lint_finds_nothing(values: str) -> None:
    answer = run(tool("helm"), "lint", "--strict", str(CHART), "--values", str(CHART / "ci" / f"{values}-values.yaml"))
    assert answer.returncode == 0, answer.stdout + answer.stderr


@every_set
def test_every_object_is_valid_for_kubernetes_keda_and_the_prometheus_operator(values: str) -> None:
    location = f"{SCHEMAS}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    answer = run(tool("kubeconform"), "-strict", "-summary", "-schema-location", location, given=text(values))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "Skipped: 0" in answer.stdout


@every_set
def test_no_object_twice(values: str) -> None:
    kinds = {line.split()[1] for line in text(values).splitlines() if line.startswith("kind: ")}
    names = [(found["kind"], found["metadata"]["name"]) for found in of_kind(values, *kinds)]
    assert len(names) == len(set(names))


@every_set
def test_pods_run_under_the_restricted_standard(values: str) -> None:
    for name, spec in pods(values):
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        allowed = {"configMap", "emptyDir", "image", "persistentVolumeClaim", "secret"}
        assert {kind for volume in spec["volumes"] for kind in volume.keys() - {"name"}} <= allowed, name
    for name, container in containers(values):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["runAsNonRoot"] is True, name
        assert context["capabilities"] == {"drop": ["ALL"]}, name
        assert context["readOnlyRootFilesystem"] is True, name


@every_set
def test_pods_have_no_token_and_a_limited_tmp(values: str) -> None:
    for name, spec in pods(values):
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        [tmp] = [volume for volume in spec["volumes"] if volume["name"] == "tmp"]
        assert tmp["emptyDir"]["sizeLimit"], name
    for account in of_kind(values, "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False
    for name, container in containers(values):
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"], name  # noqa: S108 - the pod's own


@every_set
def test_containers_have_requests_and_limits(values: str) -> None:
    for name, container in containers(values):
        for bound in ("requests", "limits"):
            assert container["resources"][bound].keys() >= {"cpu", "memory"}, name


@every_set
def test_workers_have_probes_and_time_to_end(values: str) -> None:
    for deployment in of_kind(values, "Deployment"):
        spec = deployment["spec"]["template"]["spec"]
        [container] = spec["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        asked = {probe: container[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert {about["port"] for about in asked.values()} <= ports.keys()
        assert [about["path"] for about in asked.values()] == ["/health/live", "/health/live", "/health/ready"]
        grace = RunnerSettings().grace_s
        grace = float(settings(values).get("CALLSIFT_RUNNER_GRACE_S", grace))
        assert spec["terminationGracePeriodSeconds"] > grace + 20  # the watchdog's time comes on top


@every_set
def test_every_variable_is_a_setting(values: str) -> None:
    beside = {"HOME", "TMPDIR", "OMP_NUM_THREADS"}
    for name, container in containers(values):
        assert {entry["name"] for entry in container["env"]} <= KNOWN | beside, name
    assert settings(values).keys() <= KNOWN
    for found in of_kind(values, "Secret"):
        if "kafka" not in found["metadata"]["name"]:
            assert found["stringData"].keys() <= KNOWN


@every_set
def test_callsift_accepts_what_the_pods_are_told(values: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {found["metadata"]["name"]: found["stringData"] for found in of_kind(values, "Secret")}
    for name, container in containers(values):
        told = dict(settings(values))
        for entry in container["env"]:
            secret = entry.get("valueFrom", {}).get("secretKeyRef")
            told[entry["name"]] = (
                made.get(secret["name"], {}).get(secret["key"], "long-enough-secret") if secret else entry["value"]
            )
        with monkeypatch.context() as pod:
            for variable, value in told.items():
                # Files are the pod's; whether they are there is not the chart's to say.
                if variable in KNOWN and not value.startswith("/"):
                    pod.setenv(variable, value)
            pod.delenv("CALLSIFT_KAFKA_KEY_PASSWORD", raising=False)  # it needs its file
            hashes = container["args"] in (["worker", "audio"], ["worker", "sink"])
            for section in SECTIONS.values():
                if hashes or section is not PrivacySettings:  # nobody else has the key, or reads them
                    assert section.read(), name


@every_set
def test_no_secret_outside_of_secrets(values: str) -> None:
    assert not settings(values).keys() & reference.secrets().keys()
    for name, container in containers(values):
        plain = {entry["name"] for entry in container["env"] if "value" in entry}
        assert not plain & {*reference.secrets(), "CALLSIFT_KAFKA_PASSWORD", "CALLSIFT_KAFKA_KEY_PASSWORD"}, name


@every_set
def test_everything_that_is_named_exists_or_is_declared_existing(values: str) -> None:
    made = {
        (found["kind"], found["metadata"]["name"]) for found in of_kind(values, "Secret", "ConfigMap", "Deployment")
    }
    named = yaml.safe_load((CHART / "ci" / f"{values}-values.yaml").read_text(encoding="utf-8"))
    elsewhere = {named.get("existingSecret", {}).get("name"), named["kafka"].get("existingSecret")}
    for name, container in containers(values):
        secrets = [entry["valueFrom"]["secretKeyRef"]["name"] for entry in container["env"] if "valueFrom" in entry]
        assert all(("Secret", secret) in made or secret in elsewhere for secret in secrets), name
        for source in container.get("envFrom", []):
            if "configMapRef" in source:
                assert ("ConfigMap", source["configMapRef"]["name"]) in made, name
    for scaler in of_kind(values, "ScaledObject", "HorizontalPodAutoscaler"):
        assert ("Deployment", scaler["spec"]["scaleTargetRef"]["name"]) in made


@every_set
def test_what_is_scaled_has_no_number_of_replicas(values: str) -> None:
    scaled = {
        found["spec"]["scaleTargetRef"]["name"] for found in of_kind(values, "ScaledObject", "HorizontalPodAutoscaler")
    }
    for deployment in of_kind(values, "Deployment"):
        assert ("replicas" in deployment["spec"]) is (deployment["metadata"]["name"] not in scaled)


def test_every_worker_has_values() -> None:
    assert VALUES["workers"].keys() == set(WORKERS)


def test_workers_take_what_the_catalogue_says() -> None:
    for name, stage in STAGES.items():
        assert VALUES["workers"][name]["topics"] == [topic.name for topic in stage.takes]
    assert VALUES["workers"]["retry"]["topics"] == [topic.name for topic in RETRIES]
    most = min(topic.partitions for stage in STAGES.values() for topic in stage.takes)
    assert VALUES["workerDefaults"]["scaling"]["maxReplicas"] == most
    assert GROUP == "callsift.retry"


def test_keda_asks_for_the_groups_and_topics_that_workers_use() -> None:
    prefixed = {f"emea.{topic.name}" for topic in ALL_TOPICS}
    scalers = {found["metadata"]["name"]: found["spec"] for found in of_kind("sasl-tls", "ScaledObject")}
    assert scalers.keys() == {f"callsift-{name}" for name in STAGES}
    for name, stage in STAGES.items():
        triggers = [trigger["metadata"] for trigger in scalers[f"callsift-{name}"]["triggers"]]
        assert [trigger["topic"] for trigger in triggers] == [f"emea.{topic.name}" for topic in stage.takes]
        assert {trigger["consumerGroup"] for trigger in triggers} == {f"emea.callsift.{name}"}
        assert {trigger["topic"] for trigger in triggers} <= prefixed
        assert all(isinstance(value, str) for trigger in triggers for value in trigger.values())
        assert {(trigger["sasl"], trigger["tls"]) for trigger in triggers} == {("scram_sha512", "enable")}


def test_only_a_worker_that_may_be_gone_has_keda_look_for_its_first_call() -> None:
    looks = {found["spec"]["minReplicaCount"]: found["spec"] for found in of_kind("keda", "ScaledObject")}
    assert {0, 1, 2} == looks.keys()
    for least, spec in looks.items():  # KEDA warns where they have no effect
        assert {"pollingInterval", "cooldownPeriod"} & spec.keys() == (
            set() if least else {"pollingInterval", "cooldownPeriod"}
        )


def test_keda_proves_who_it_is_with_the_workers_secret() -> None:
    [found] = of_kind("sasl-tls", "TriggerAuthentication")
    parameters = {entry["parameter"]: entry["key"] for entry in found["spec"]["secretTargetRef"]}
    [secret] = [entry for entry in of_kind("sasl-tls", "Secret") if entry["metadata"]["name"] == "callsift-kafka"]
    assert parameters.keys() == {"username", "password", "ca", "cert", "key", "keyPassword"}
    assert set(parameters.values()) == secret["stringData"].keys()


def test_a_workers_own_zero_wins_over_the_default() -> None:
    [lane] = [found for found in of_kind("keda", "ScaledObject") if found["metadata"]["name"] == "callsift-reprocess"]
    assert lane["spec"]["minReplicaCount"] == 0
    assert lane["spec"]["fallback"]["replicas"] == 0
    assert "callsift-reprocess" not in {found["metadata"]["name"] for found in of_kind("hpa", "Deployment")}


def test_a_further_workload_needs_values_alone() -> None:
    names = {found["metadata"]["name"]: found for found in of_kind("everything", "Deployment")}
    [container] = names["callsift-audio-spot"]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["worker", "audio"]
    assert "callsift-audio-spot" in {found["metadata"]["name"] for found in of_kind("everything", "Service")}


def test_a_worker_gets_only_its_own_secrets() -> None:
    got = {
        name.removeprefix("callsift-"): {entry["name"] for entry in container["env"] if "valueFrom" in entry}
        for name, container in containers("everything")
        if container["name"] == "callsift"
    }
    assert got["sink"] == {"CALLSIFT_MONGO_URI", "CALLSIFT_PRIVACY_CALLER_KEY"}
    assert got["classify"] == {"CALLSIFT_GEMINI_API_KEY"}
    assert got["audio"] == {"CALLSIFT_FETCH_HEADERS", "CALLSIFT_PRIVACY_CALLER_KEY"}
    assert got["transcribe"] == got["retry"] == got["topics"] == set()


def test_only_named_ways_lead_out() -> None:
    policies = {found["metadata"]["name"]: found["spec"] for found in of_kind("minimal", "NetworkPolicy")}
    closed = policies["callsift-default-deny"]
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & closed.keys()
    ports = {port["port"] for rule in policies["callsift-retry"]["egress"] for port in rule["ports"]}
    assert ports == {53, 9092, 9093, 9094}
    for rule in policies["callsift-audio"]["egress"]:
        for peer in rule.get("to", []):
            assert "ipBlock" not in peer or "169.254.0.0/16" in peer["ipBlock"]["except"]


def test_what_runs_before_the_first_install_needs_nothing_of_the_release() -> None:
    [job] = of_kind("sasl-tls", "Job")
    spec = job["spec"]["template"]["spec"]
    [container] = spec["containers"]
    assert spec["serviceAccountName"] == "default"
    assert "envFrom" not in container
    secrets = {entry["valueFrom"]["secretKeyRef"]["name"] for entry in container["env"] if "valueFrom" in entry}
    secrets |= {volume["secret"]["secretName"] for volume in spec["volumes"] if "secret" in volume}
    assert secrets == {"callsift-kafka-hook"}
    [secret] = [entry for entry in of_kind("sasl-tls", "Secret") if entry["metadata"]["name"] in secrets]
    weights = [found["metadata"]["annotations"]["helm.sh/hook-weight"] for found in (secret, job)]
    assert int(weights[0]) < int(weights[1])


@pytest.mark.parametrize("uri", ["file:///data/audio", "/data/audio", "memory://audio", "local:///data", ""])
def test_a_store_that_one_node_alone_sees_is_refused(uri: str) -> None:
    said = refusal(f"audioStore.uri={uri}")
    assert "audioStore.uri" in said
    assert "s3://bucket/callsift" in said
    assert "ReadWriteMany" in said


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("kafka.bootstrapServers=", "kafka.bootstrapServers is empty"),
        ("kafka.protocol=SASL_SSL", "needs a user and a password"),
        ("kafka.credentials.ca=pem", "needs kafka.protocol SSL or SASL_SSL"),
        ("secrets.CALLSIFT_MONGO_URI=", "workers.sink needs MongoDB"),
        ("model.fetch.sha256=", "must be pinned"),
        ("model.source=claim", "model.existingClaim is empty"),
        ("audioStore.persistence.enabled=true", "are both set"),
        ("workers.audio.terminationGracePeriodSeconds=30", "is too short"),
        ("workers.audio.ways={kafka,nowhere}", "networkPolicy.ways has no nowhere"),
        ("config.CALLSIFT_RUNNER_WINDOW=8", "CALLSIFT_RUNNER_WINDOW"),
        ("config.CALLSIFT_MONGO_URI=mongodb://x", "CALLSIFT_MONGO_URI"),
        ("workers.audio.replica=2", "replica"),
        ("kafka.security=SSL", "security"),
    ],
)
def test_what_does_not_fit_together_is_refused_with_the_cure(setting: str, says: str) -> None:
    assert says in refusal(setting)


def test_a_changed_setting_restarts_the_workers() -> None:
    def checksums(*options: str) -> set[str]:
        answer = template("--values", str(CHART / "ci" / "minimal-values.yaml"), *options)
        documents = [document for document in yaml.safe_load_all(answer.stdout) if document]
        return {
            document["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
            for document in documents
            if document["kind"] == "Deployment"
        }

    assert checksums() == checksums()
    assert checksums() != checksums("--set-string", "config.CALLSIFT_RUNNER_WINDOW_SIZE=16")
    assert checksums() != checksums("--set", "secrets.CALLSIFT_MONGO_URI=mongodb://other:27017")


def test_the_schema_and_the_readme_are_current() -> None:
    found = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    assert found == reference.schema(), "run `make docs`"
    assert (CHART / "README.md").read_text(encoding="utf-8") == reference.readme(), "run `make docs`"


def test_every_value_has_a_description() -> None:
    def undescribed(schema: dict[str, object], path: str) -> list[str]:
        properties = schema.get("properties")
        if not isinstance(properties, dict):
            return []
        here = [f"{path}.{name}" for name, about in properties.items() if not about.get("description")]
        return here + [line for name, about in properties.items() for line in undescribed(about, f"{path}.{name}")]

    assert undescribed(reference.schema(), "") == []


def test_the_charts_own_settings_are_settings() -> None:
    assert reference.OWN <= KNOWN
    assert not reference.settings().keys() & reference.secrets().keys()
    assert reference.OWN | reference.settings().keys() | reference.secrets().keys() == KNOWN
