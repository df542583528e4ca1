"""What platforms demand of a chart, as far as manifests show it: each demand returns what breaks it.

The figures are the platforms' own, as they publish them; no platform was tried.
"""

from collections.abc import Callable, Iterator
from typing import Any

import yaml

from deploy.helm.reference import CHART
from streams.topics import ALL_TOPICS
from tests.deploy.chart import POD_KINDS, containers, manifests, of_kind, pod_spec, pods, settings, template, text

Demand = Callable[[str], Iterator[str]]
_UNITS = {"m": 1e-3, "": 1.0, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}
_GIB = 2.0**30
_EVENT_HUBS_MOST, _EVENT_HUBS_STANDARD = 100, 10
"""Event hubs in a namespace of the tiers Premium (for each processing unit) and Standard."""


def amount(quantity: object) -> float:
    """Return a quantity of Kubernetes as a number."""
    number = str(quantity).rstrip("KMGim")
    return float(number) * _UNITS[str(quantity).removeprefix(number)]


def component(manifest: dict[str, Any]) -> str:
    name: str = manifest["metadata"]["labels"]["app.kubernetes.io/component"]
    return name


def egress(values: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rules for what leads out, by component."""
    found = (one for one in of_kind(values, "NetworkPolicy") if "egress" in one["spec"])
    return {component(one): one["spec"]["egress"] for one in found}


def _ports(rule: dict[str, Any]) -> set[int]:
    return {port["port"] for port in rule["ports"]}


def reaches(port: int, *but: str) -> Demand:
    """Every pod reaches the brokers' port, but for those that do not ask them."""

    def check(values: str) -> Iterator[str]:
        for name, rules in egress(values).items():
            if name not in ("indexes", *but) and not any(port in _ports(rule) for rule in rules):
                yield f"{name} does not reach {port}"

    return check


def told(**wanted: str) -> Demand:
    """The pods' settings are these, named without CALLSIFT_KAFKA_."""

    def check(values: str) -> Iterator[str]:
        found = settings(values)
        for name, value in wanted.items():
            if (said := found.get(f"CALLSIFT_KAFKA_{name.upper()}")) != value:
                yield f"{name} is {said}, not {value}"

    return check


def own_authority(values: str) -> Iterator[str]:
    """Whoever speaks to the brokers has the authority's file."""
    if "CALLSIFT_KAFKA_CA_FILE" not in settings(values):
        yield "no authority is named"
    for name, spec in pods(values):
        if "kafka" not in {volume["name"] for volume in spec["volumes"]} and not name.endswith("-indexes"):
            yield f"{name} has no file of the authority"


def restricted(values: str) -> Iterator[str]:
    """Nothing that the restricted Pod Security Standard refuses, nor a port or a path of the node."""
    for name, spec in pods(values):
        if not spec["securityContext"].get("runAsNonRoot") or "hostNetwork" in spec:
            yield f"{name} may be root or in the node's network"
        if [volume for volume in spec["volumes"] if "hostPath" in volume]:
            yield f"{name} mounts a path of the node"
    for name, container in containers(values):
        context = container["securityContext"]
        if context["capabilities"] != {"drop": ["ALL"]} or context["allowPrivilegeEscalation"]:
            yield f"{name} has privileges"
        if any("hostPort" in port for port in container.get("ports", ())):
            yield f"{name} takes a port of the node"


def asks_what_it_may_have(values: str) -> Iterator[str]:
    """Autopilot, general purpose: requests are limits; steps of 250m; 1 to 6.5 GiB a CPU; 10 GiB to be written."""
    for name, container in containers(values):
        asked, limits = container["resources"]["requests"], container["resources"]["limits"]
        if asked != limits:
            yield f"{name} asks {asked} and may have {limits}"
        cpu, memory = amount(asked["cpu"]), amount(asked["memory"]) / _GIB
        if cpu % 0.25 or not 1 <= memory / cpu <= 6.5:
            yield f"{name}: {memory} GiB for {cpu} CPU"
    for name, spec in pods(values):
        written = sum(amount(volume["emptyDir"]["sizeLimit"]) for volume in spec["volumes"] if "emptyDir" in volume)
        room = sum(amount(one["resources"]["requests"].get("ephemeral-storage", 0)) for one in spec["containers"])
        if not written < room <= 10 * _GIB:
            yield f"{name} may write {written / _GIB} GiB and asks for {room / _GIB}"


def asks_the_metadata_server(values: str) -> Iterator[str]:
    """Whoever opens the bucket or asks Vertex AI reaches the node's metadata server, by both of its ports."""
    for name in ("audio", "transcribe", "classify", "sink", "api", "retention"):
        rules = [rule for rule in egress(values)[name] if {80, 988} == _ports(rule)]
        if not any({"ipBlock": {"cidr": "169.254.169.254/32"}} in rule["to"] for rule in rules):
            yield f"{name} does not reach the metadata server"


def ends_within(seconds: int, worker: str) -> Demand:
    """A pod on nodes that are taken away ends in time, its own grace included."""

    def check(values: str) -> Iterator[str]:
        [spec] = [spec for name, spec in pods(values) if name == f"callsift-{worker}"]
        if spec["terminationGracePeriodSeconds"] > seconds:
            yield f"{worker} has {spec['terminationGracePeriodSeconds']} s"

    return check


def account_has(annotation: str) -> Demand:
    """The account of the pods names whom it is in the cloud."""

    def check(values: str) -> Iterator[str]:
        if not any(annotation in one["metadata"].get("annotations", {}) for one in of_kind(values, "ServiceAccount")):
            yield f"no account has {annotation}"

    return check


def labelled(label: str, value: str, *others: str) -> Demand:
    """Every pod has a label with a value, but for others, which have another one."""

    def check(values: str) -> Iterator[str]:
        for manifest in of_kind(values, *POD_KINDS):
            inner = manifest
            while (next_one := inner["spec"].get("jobTemplate", inner["spec"].get("template"))) is not None:
                inner = next_one
            if (inner["metadata"]["labels"].get(label) == value) is (component(manifest) in others):
                yield f"{component(manifest)} has {inner['metadata']['labels'].get(label)}"

    return check


def reaches_istiod(values: str) -> Iterator[str]:
    """Whoever has a sidecar reaches istiod, and nobody else does."""
    for name, rules in egress(values).items():
        if any(15012 in _ports(rule) for rule in rules) is not (name == "api"):
            yield f"{name}: a way to istiod"


def user_of_the_namespace(values: str) -> Iterator[str]:
    """OpenShift's restricted-v2 gives the numbers of user and group."""
    for name, spec in pods(values):
        if given := {"runAsUser", "runAsGroup", "fsGroup"} & spec["securityContext"].keys():
            yield f"{name} names {given}"


def resolves_at(port: int, peer: dict[str, Any]) -> Demand:
    """Every pod reaches the platform's resolver."""

    def check(values: str) -> Iterator[str]:
        for name, rules in egress(values).items():
            if not any(port in _ports(rule) and peer in rule.get("to", ()) for rule in rules):
                yield f"{name} does not reach the resolver"

    return check


def no_volume_for_several_nodes(values: str) -> Iterator[str]:
    """No claim that has to be ReadWriteMany, and none that two pods mount."""
    for claim in of_kind(values, "PersistentVolumeClaim"):
        if claim["spec"]["accessModes"] != ["ReadWriteOnce"]:
            yield f"{claim['metadata']['name']} is {claim['spec']['accessModes']}"
    mounted = [
        volume["persistentVolumeClaim"]["claimName"]
        for _, spec in pods(values)
        for volume in spec["volumes"]
        if "persistentVolumeClaim" in volume
    ]
    yield from (f"{name} is mounted by several" for name in set(mounted) if mounted.count(name) > 1)


def store_at(endpoint: str, port: int) -> Demand:
    """Whoever opens the store is told its endpoint, and reaches it."""

    def check(values: str) -> Iterator[str]:
        for name in ("audio", "transcribe", "classify", "sink"):
            [found] = [one for pod, one in containers(values) if (pod, one["name"]) == (f"callsift-{name}", "callsift")]
            said = {entry["name"]: entry.get("value") for entry in found["env"]}.get("AWS_ENDPOINT_URL")
            if said != endpoint or not any(port in _ports(rule) for rule in egress(values)[name]):
                yield f"{name}: {said}"

    return check


def takes_event_hubs(values: str) -> Iterator[str]:
    """No job makes the topics, nobody is a user of its own, only gzip is compressed; Standard has too few topics."""
    if any(component(job) == "topics" for job in of_kind(values, "Job")):
        yield "a job makes the topics"
    if (codec := settings(values).get("CALLSIFT_KAFKA_COMPRESSION", "none")) not in {"none", "gzip"}:
        yield f"compresses by {codec}"
    if not _EVENT_HUBS_STANDARD < len(ALL_TOPICS) <= _EVENT_HUBS_MOST:
        yield f"{len(ALL_TOPICS)} topics: the page names the wrong tier"
    for name, container in containers(values):
        if any(entry["name"] == "CALLSIFT_KAFKA_USERNAME" for entry in container["env"] if name != "callsift-topics"):
            yield f"{name} is a user of its own"


def hooks_that_argo_knows(values: str) -> Iterator[str]:
    """Hooks are such that become PreSync, or that Argo CD leaves out; each says when it is removed, and has a name."""
    for manifest in manifests(values):
        annotations = manifest["metadata"].get("annotations", {})
        hooks = set(annotations.get("helm.sh/hook", "").split(",")) - {""}
        if hooks and hooks not in ({"pre-install", "pre-upgrade"}, {"test"}):
            yield f"{manifest['metadata']['name']}: {hooks}"
        if hooks and "before-hook-creation" not in annotations["helm.sh/hook-delete-policy"]:
            yield f"{manifest['metadata']['name']} is never removed"
        if "generateName" in manifest["metadata"]:
            yield f"{manifest['kind']} without a name"


def renders_alike_twice(values: str) -> Iterator[str]:
    """Nothing is drawn by chance: what is in Git is what runs, and nothing is out of sync for ever."""
    again = template("--values", str(CHART / "ci" / f"{values}-values.yaml"))
    if again.stdout != text(values):
        yield "two renderings differ"


def whole_without_links(values: str) -> Iterator[str]:
    """Every file of the chart is one, and the dashboard is rendered."""
    yield from (f"{path} is a link" for path in CHART.rglob("*") if path.is_symlink())
    named = yaml.safe_load((CHART / "ci" / f"{values}-values.yaml").read_text(encoding="utf-8"))
    if named.get("monitoring", {}).get("dashboard") and "callsift-dashboard" not in text(values):
        yield "there is no dashboard"


def no_pod_serves_by_an_account_token(values: str) -> Iterator[str]:
    """No pod has the API server's token, which a policy of the platform may refuse."""
    yield from (name for name, spec in pods(values) if spec["automountServiceAccountToken"])


def images_from(registry: str) -> Demand:
    """Every image comes from the platform's registry."""

    def check(values: str) -> Iterator[str]:
        for manifest in of_kind(values, *POD_KINDS):
            for container in pod_spec(manifest)["containers"]:
                if not container["image"].startswith(registry):
                    yield container["image"]

    return check
