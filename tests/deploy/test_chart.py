"""The Helm chart: it renders, what it renders is valid and keeps to the policies, and it refuses what cannot work."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from callsift.retired_settings import RETIRED
from callsift.settings import SECTIONS, VARIABLES, refuse_unknown
from callsift.worker import ALL_WORKERS, API
from deploy.helm import reference
from deploy.helm.kubernetes_schemas import file_name
from deploy.helm.reference import CHART
from streams.kafka.acls import TOOLS, users
from streams.settings import KafkaSettings, PrivacySettings, RunnerSettings
from streams.topics import ALL_TOPICS, RETRIES, RETRY_GROUP, STAGES
from tests.deploy.chart import (
    NAMES,
    containers,
    documents,
    manifests,
    of_kind,
    pod_spec,
    pods,
    refusal,
    rendered,
    run,
    settings,
    template,
    text,
    tool,
)

SCHEMAS = Path(reference.__file__).parent / "schemas"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
every_set = pytest.mark.parametrize("values", NAMES)


@every_set
def test_helm_lint_finds_nothing(values: str) -> None:
    answer = run(tool("helm"), "lint", "--strict", str(CHART), "--values", str(CHART / "ci" / f"{values}-values.yaml"))
    assert answer.returncode == 0, answer.stdout + answer.stderr


@every_set
def test_every_object_is_valid_for_kubernetes_keda_and_the_prometheus_operator(values: str) -> None:
    for manifest in manifests(values):
        schema = json.loads((SCHEMAS / file_name(manifest["kind"], manifest["apiVersion"])).read_text(encoding="utf-8"))
        wrong = Draft7Validator(schema).iter_errors(manifest)
        assert [f"{error.json_path}: {error.message}" for error in wrong] == [], manifest["metadata"]["name"]


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
        allowed = {"configMap", "emptyDir", "image", "persistentVolumeClaim", "projected", "secret"}
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
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"], name


@every_set
def test_containers_have_requests_and_limits_and_no_cpu_limit_where_it_was_left_out(values: str) -> None:
    for name, container in containers(values):
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}, name
        limits = container["resources"]["limits"].keys() - {"ephemeral-storage"}
        assert limits == ({"memory"} if values == "layers" else {"cpu", "memory"}), name


@every_set
def test_workers_have_probes_and_time_to_end(values: str) -> None:
    for deployment in of_kind(values, "Deployment"):
        spec = deployment["spec"]["template"]["spec"]
        [container] = spec["containers"]
        if deployment["metadata"]["name"] == "callsift-toolbox":
            assert "livenessProbe" not in container  # it serves nothing
            continue
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        asked = {probe: container[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert {about["port"] for about in asked.values()} <= ports.keys()
        assert [about["path"] for about in asked.values()] == ["/health/live", "/health/live", "/health/ready"]
        told = {entry["name"]: entry.get("value") for entry in container["env"]}
        everywhere = settings(values).get("CALLSIFT_RUNNER_GRACE_S", RunnerSettings().grace_s)
        grace = float(told.get("CALLSIFT_RUNNER_GRACE_S") or everywhere)
        given = values == "gke-spot" and told.get("CALLSIFT_VOSK_MODEL")
        assert spec["terminationGracePeriodSeconds"] > grace + (5 if given else 20)  # the watchdog's time comes on top


@every_set
def test_every_variable_is_a_setting(values: str) -> None:
    named = yaml.safe_load((CHART / "ci" / f"{values}-values.yaml").read_text(encoding="utf-8"))
    places = (named.get("podDefaults", {}), named.get("workerDefaults", {}), *named.get("workers", {}).values())
    beside = {entry["name"] for place in places for entry in place.get("extraEnv", [])}
    beside |= {"HOME", "TMPDIR"} | ({"AWS_ENDPOINT_URL"} if named["audioStore"].get("endpoint") else set())
    for name, container in containers(values):
        assert {entry["name"] for entry in container["env"]} <= VARIABLES | beside, name
    assert settings(values).keys() <= VARIABLES
    for found in of_kind(values, "Secret"):
        if "kafka" not in found["metadata"]["name"]:
            assert found["stringData"].keys() <= VARIABLES


@every_set
def test_callsift_accepts_what_the_pods_are_told(values: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {found["metadata"]["name"]: found["stringData"] for found in of_kind(values, "Secret")}
    for name, container in containers(values):
        told = dict(settings(values)) if "envFrom" in container else {}
        for entry in container["env"]:
            secret = entry.get("valueFrom", {}).get("secretKeyRef")
            told[entry["name"]] = (
                made.get(secret["name"], {}).get(secret["key"], "long-enough-secret") if secret else entry["value"]
            )
        refuse_unknown(told)
        with monkeypatch.context() as pod:
            for variable, value in told.items():
                # Files are the pod's; whether they are there is not the chart's to say.
                if variable in VARIABLES and not value.startswith("/"):
                    pod.setenv(variable, value)
            pod.delenv("CALLSIFT_KAFKA_KEY_PASSWORD", raising=False)  # it needs its file
            hashes = container.get("args") in (["worker", "audio"], ["worker", "sink"], ["api"])
            for section in SECTIONS.values():
                if hashes or section is not PrivacySettings:  # nobody else has the key, or reads them
                    assert section.read(), name


@pytest.mark.parametrize("name", sorted(RETIRED.keys() - VARIABLES))
def test_a_retired_setting_is_refused_wherever_values_may_set_one(name: str) -> None:
    schema = Draft7Validator(json.loads((CHART / "values.schema.json").read_text(encoding="utf-8")))
    places: list[dict[str, Any]] = [
        {"config": {name: "1"}},
        {"secrets": {name: "1"}},
        {"workers": {"sink": {"config": {name: "1"}}}},
        {"existingSecret": {"keys": [name]}},
    ]
    for values in places:
        assert [error for error in schema.iter_errors(values) if name in error.message], values


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
    pods = (*named.get("workers", {}).values(), named.get("sources", {}).get("podDefaults", {}))
    users = [pod.get("kafkaUser", {}) for pod in pods]
    elsewhere |= {user.get("secret", user.get("name")) for user in users}
    for name, container in containers(values):
        secrets = [entry["valueFrom"]["secretKeyRef"]["name"] for entry in container["env"] if "valueFrom" in entry]
        assert all(("Secret", secret) in made or secret in elsewhere for secret in secrets), name
        for source in container.get("envFrom", []):
            if "configMapRef" in source:
                assert ("ConfigMap", source["configMapRef"]["name"]) in made, name
    for scaler in of_kind(values, "ScaledObject", "HorizontalPodAutoscaler"):
        assert ("Deployment", scaler["spec"]["scaleTargetRef"]["name"]) in made


@every_set
def test_a_scaled_workload_has_no_number_of_replicas(values: str) -> None:
    scaled = {
        found["spec"]["scaleTargetRef"]["name"] for found in of_kind(values, "ScaledObject", "HorizontalPodAutoscaler")
    }
    for deployment in of_kind(values, "Deployment"):
        assert ("replicas" in deployment["spec"]) is (deployment["metadata"]["name"] not in scaled)


def test_every_worker_and_the_api_have_values() -> None:
    assert VALUES["workers"].keys() == {*ALL_WORKERS, API}


def test_workers_take_what_the_catalogue_says() -> None:
    for name, stage in STAGES.items():
        assert VALUES["workers"][name]["topics"] == [topic.name for topic in stage.consumes]
    assert VALUES["workers"]["retry"]["topics"] == [topic.name for topic in RETRIES]
    most = min(topic.partitions for stage in STAGES.values() for topic in stage.consumes)
    assert VALUES["workerDefaults"]["scaling"]["maxReplicas"] == most
    assert RETRY_GROUP == "callsift.retry"


def test_keda_asks_for_the_groups_and_topics_that_workers_use() -> None:
    prefixed = {f"emea.{topic.name}" for topic in ALL_TOPICS}
    scalers = {found["metadata"]["name"]: found["spec"] for found in of_kind("sasl-tls", "ScaledObject")}
    assert scalers.keys() == {f"callsift-{name}" for name in STAGES}
    for name, stage in STAGES.items():
        triggers = [trigger["metadata"] for trigger in scalers[f"callsift-{name}"]["triggers"]]
        assert [trigger["topic"] for trigger in triggers] == [f"emea.{topic.name}" for topic in stage.consumes]
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
    assert got["operations"] == {"CALLSIFT_MONGO_URI", "CALLSIFT_GEMINI_API_KEY"}
    assert got["api"] == {"CALLSIFT_MONGO_URI", "CALLSIFT_PRIVACY_CALLER_KEY"}
    assert got["webhooks"] == {"CALLSIFT_MONGO_URI"}
    assert got["transcribe"] == got["retry"] == got["topics"] == set()
    assert got["indexes"] == {"CALLSIFT_MONGO_URI"}


def test_the_api_listens_where_its_service_leads_to() -> None:
    [service] = [found for found in of_kind("minimal", "Service") if found["metadata"]["name"] == "callsift-api"]
    [container] = [one for name, one in containers("minimal") if name == "callsift-api"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert container["args"] == ["api"]
    assert ports[service["spec"]["ports"][0]["targetPort"]] == int(settings("minimal")["CALLSIFT_API_LISTEN"])
    [policy] = [found for found in of_kind("minimal", "NetworkPolicy") if found["metadata"]["name"] == "callsift-api"]
    [metrics, requests] = policy["spec"]["ingress"]
    assert metrics["ports"] == [{"port": "http", "protocol": "TCP"}]
    assert requests == {"ports": [{"port": "api", "protocol": "TCP"}]}


def test_what_leads_to_the_api_from_outside_is_off_and_leads_to_its_service() -> None:
    assert not of_kind("minimal", "Ingress", "HTTPRoute")
    [ingress], [route] = of_kind("everything", "Ingress"), of_kind("everything", "HTTPRoute")
    [service] = [found for found in of_kind("everything", "Service") if found["metadata"]["name"] == "callsift-api"]
    port = service["spec"]["ports"][0]["port"]
    [path] = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"] == {"name": "callsift-api", "port": {"number": port}}
    assert route["spec"]["rules"] == [{"backendRefs": [{"name": "callsift-api", "port": port}]}]
    policies = {found["metadata"]["name"]: found for found in of_kind("everything", "NetworkPolicy")}
    policy = policies["callsift-api"]
    assert policy["spec"]["ingress"][1]["from"]


def test_only_named_ways_lead_out() -> None:
    policies = {found["metadata"]["name"]: found["spec"] for found in of_kind("minimal", "NetworkPolicy")}
    closed = policies["callsift-default-deny"]
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & closed.keys()
    ports = {port["port"] for rule in policies["callsift-retry"]["egress"] for port in rule["ports"]}
    assert ports == {53, 5353, 9092}
    for rule in policies["callsift-audio"]["egress"]:
        for block in (peer["ipBlock"] for peer in rule.get("to", []) if "ipBlock" in peer):
            assert {"169.254.0.0/16", "fd00:ec2::/32"} & set(block.get("except", [])) or 53 in ports_of(rule)


def ports_of(rule: dict[str, Any]) -> set[int]:
    return {port["port"] for port in rule["ports"]}


def test_the_values_on_the_page_about_traces_reach_every_stage_and_let_it_out(tmp_path: Path) -> None:
    page = (CHART.parents[2] / "docs" / "tracing.md").read_text(encoding="utf-8")
    (tmp_path / "traces.yaml").write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    minimal = str(CHART / "ci" / "minimal-values.yaml")
    answer = template("--values", minimal, "--values", str(tmp_path / "traces.yaml"))
    assert answer.returncode == 0, answer.stderr
    found = [document for document in yaml.safe_load_all(answer.stdout) if document]
    told = {
        one["metadata"]["name"]
        for one in found
        if one["kind"] == "Deployment"
        and "OTEL_EXPORTER_OTLP_ENDPOINT" in {entry["name"] for entry in pod_spec(one)["containers"][0]["env"]}
    }
    let_out = {
        one["metadata"]["name"]
        for one in found
        if one["kind"] == "NetworkPolicy"
        and 4318 in {port["port"] for rule in one["spec"].get("egress", []) for port in rule["ports"]}
    }
    assert let_out == {f"callsift-{stage}" for stage in STAGES} <= told


def test_a_job_before_the_first_install_needs_nothing_of_the_release() -> None:
    [job] = [found for found in of_kind("sasl-tls", "Job") if found["metadata"]["name"] == "callsift-topics"]
    spec = job["spec"]["template"]["spec"]
    [container] = spec["containers"]
    assert spec["serviceAccountName"] == "default"
    assert "envFrom" not in container
    secrets = {entry["valueFrom"]["secretKeyRef"]["name"] for entry in container["env"] if "valueFrom" in entry}
    sources = [source for volume in spec["volumes"] for source in volume.get("projected", {}).get("sources", [])]
    assert [source["secret"]["items"][0]["path"] for source in sources] == ["ca.crt", "tls.crt", "tls.key"]
    secrets |= {source["secret"]["name"] for source in sources}
    assert secrets == {"callsift-kafka-hook"}
    [secret] = [entry for entry in of_kind("sasl-tls", "Secret") if entry["metadata"]["name"] in secrets]
    weights = [found["metadata"]["annotations"]["helm.sh/hook-weight"] for found in (secret, job)]
    assert int(weights[0]) < int(weights[1])


@pytest.mark.parametrize(
    ("values", "secret"), [("sasl-tls", "callsift-hook"), ("existing-secrets", "callsift-secrets")]
)
def test_the_indexes_are_made_first_by_a_job_that_knows_mongodb_and_not_kafka(values: str, secret: str) -> None:
    [job] = [found for found in of_kind(values, "Job") if found["metadata"]["name"] == "callsift-indexes"]
    spec = job["spec"]["template"]["spec"]
    [container] = spec["containers"]
    assert container["args"] == ["store", "indexes"]
    assert "envFrom" not in container
    held = {entry["name"]: entry["valueFrom"]["secretKeyRef"] for entry in container["env"] if "valueFrom" in entry}
    assert held == {"CALLSIFT_MONGO_URI": {"name": secret, "key": "CALLSIFT_MONGO_URI"}}
    assert not [entry for entry in container["env"] if "KAFKA" in entry["name"]]
    assert "kafka" not in {volume["name"] for volume in spec["volumes"]}
    made = [found for found in of_kind(values, "Secret") if found["metadata"]["name"] == secret]
    for found in made:
        assert found["stringData"].keys() == {"CALLSIFT_MONGO_URI"}
        weights = [hook["metadata"]["annotations"]["helm.sh/hook-weight"] for hook in (found, job)]
        assert int(weights[0]) < int(weights[1])
    assert bool(made) is (secret == "callsift-hook")


def test_jobs_can_be_left_to_others() -> None:
    minimal = ("--values", str(CHART / "ci" / "minimal-values.yaml"))
    for left in ("topics", "indexes"):
        answer = template(*minimal, "--set", f"{left}.create=false")
        found = documents(answer.stdout)
        jobs = {document["metadata"]["name"] for document in found if document["kind"] == "Job"}
        assert jobs == {"callsift-topics", "callsift-indexes"} - {f"callsift-{left}"}
        hooks = {document["metadata"]["name"] for document in found if document["kind"] == "Secret"}
        assert ("callsift-hook" in hooks) is (left == "topics")


def test_each_worker_can_be_a_kafka_user_of_its_own() -> None:
    wanted = {user.runs: user.name for user in users(KafkaSettings())}
    for name, container in containers("gitops"):
        runs = name.removeprefix("callsift-")
        entries = {entry["name"]: entry for entry in container["env"]}
        assert len(entries) == len(container["env"]), name
        if runs in {*ALL_WORKERS, API}:
            secret = {"name": "callsift-lane", "key": "word"} if runs == "reprocess" else None
            assert entries["CALLSIFT_KAFKA_USERNAME"]["value"] == wanted[runs]
            held = entries["CALLSIFT_KAFKA_PASSWORD"]["valueFrom"]["secretKeyRef"]
            assert held == (secret or {"name": wanted[runs], "key": "password"})
        elif runs != "indexes":
            assert settings("gitops")["CALLSIFT_KAFKA_USERNAME"] == wanted[TOOLS]
            held = entries["CALLSIFT_KAFKA_PASSWORD"]["valueFrom"]["secretKeyRef"]
            assert held == {"name": wanted[TOOLS], "key": "password"}


def test_recordings_that_lie_in_the_audio_store_are_fetched_whatever_else_may_be() -> None:
    assert settings("rwx")["CALLSIFT_FETCH_FILE_ROOTS"] == "/var/lib/callsift/audio/recordings"
    roots = ("--set", "config.CALLSIFT_FETCH_FILE_ROOTS=/mnt/pbx")
    hosts = ("--set", "workers.audio.config.CALLSIFT_FETCH_HOSTS=pbx.example.com")
    assert {"/mnt/pbx,/var/lib/callsift/audio/recordings"} == _told(
        rendered("rwx", *roots), "CALLSIFT_FETCH_FILE_ROOTS"
    )
    assert _told(rendered("minimal", *hosts), "CALLSIFT_FETCH_HOSTS") == {"pbx.example.com,recordings"}
    assert _told(rendered("rwx", *hosts), "CALLSIFT_FETCH_HOSTS") == {"pbx.example.com"}
    assert not {"CALLSIFT_FETCH_FILE_ROOTS", "CALLSIFT_FETCH_HOSTS"} & settings("minimal").keys()


def _told(found: list[dict[str, Any]], variable: str) -> set[str]:
    """Return what a variable is in the ConfigMaps and in the containers of Deployments."""
    told = [one["data"].get(variable) for one in found if one["kind"] == "ConfigMap"]
    deployed = [pod_spec(one)["containers"] for one in found if one["kind"] == "Deployment"]
    told += [entry.get("value") for [one] in deployed for entry in one["env"] if entry["name"] == variable]
    return {value for value in told if value is not None}


def test_helm_test_looks_at_the_topics_and_then_sends_a_call_unless_that_is_off() -> None:
    topics, call = (found for found in of_kind("minimal", "Pod"))
    weights = [int(found["metadata"]["annotations"]["helm.sh/hook-weight"]) for found in (topics, call)]
    assert weights == sorted(set(weights))
    [container] = call["spec"]["containers"]
    assert container["args"] == ["emit", "--test-call", "--wait", "--timeout", "240"]
    assert {"configMapRef": {"name": "callsift"}} in container["envFrom"]
    off = rendered("minimal", "--set", "testCall.enabled=false")
    assert "test-call" not in yaml.safe_dump_all(off)


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
        ("secrets.CALLSIFT_MONGO_URI=", "workers.api needs MongoDB"),
        ("model.fetch.sha256=", "must be pinned"),
        ("model.source=claim", "model.existingClaim is empty"),
        ("audioStore.persistence.enabled=true", "are both set"),
        ("workers.audio.terminationGracePeriodSeconds=29", "Set at least 30, or a shorter grace"),
        ("workers.audio.kafkaUser.name=callsift-audio", "needs kafka.protocol SASL_SSL"),
        ("api.ingress.enabled=true", "api.ingress.host is empty"),
        ("api.httpRoute.enabled=true", "api.httpRoute.parentRefs is empty"),
        ("api.ingress.enabled=true,workers.api.enabled=false", "lead to the Service of workers.api"),
        ("workers.audio.ways={kafka,nowhere}", "networkPolicy.ways has no nowhere"),
        ("config.CALLSIFT_RUNNER_WINDOW=8", "CALLSIFT_RUNNER_WINDOW"),
        ("config.CALLSIFT_MONGO_URI=mongodb://x", "CALLSIFT_MONGO_URI"),
        ("workers.audio.replica=2", "replica"),
        ("kafka.security=SSL", "security"),
    ],
)
def test_wrong_values_are_refused_with_the_cure(setting: str, says: str) -> None:
    assert says in refusal(setting)


def test_a_changed_setting_restarts_the_workers() -> None:
    def checksums(*options: str) -> set[str]:
        answer = template("--values", str(CHART / "ci" / "minimal-values.yaml"), *options)
        found = documents(answer.stdout)
        return {
            document["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
            for document in found
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
    assert reference.OWN <= VARIABLES
    assert not reference.settings().keys() & reference.secrets().keys()
    assert reference.OWN | reference.settings().keys() | reference.secrets().keys() == VARIABLES
