"""Makes strict JSON Schemas from Kubernetes' own OpenAPI document and from CRDs.

``python -m deploy.helm.kubernetes_schemas SWAGGER FOLDER KINDS [CRD …]`` writes a file for each kind of the list, whose
parts commas separate. SWAGGER is ``api/openapi-spec/swagger.json`` of the Go module k8s.io/kubernetes (``go mod
download -json k8s.io/kubernetes@VERSION`` names its folder); CRDs are in the modules of KEDA (``config/crd/bases``), of
the Prometheus operator (``example/prometheus-operator-crd``) and of sigs.k8s.io/gateway-api (``config/crd/standard``).
Strimzi's are made from its jars on Maven Central (``io.strimzi:api`` and ``io.strimzi:crd-generator`` 1.2.0, Java 21):
``java -cp … io.strimzi.crdgenerator.CrdGenerator --target-kube 1.16+ --crd-api-version v1 --api-versions v1
--storage-version v1 --yaml io.strimzi.api.kafka.model.topic.KafkaTopic=topic.yaml
io.strimzi.api.kafka.model.user.KafkaUser=user.yaml``.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_POINTER = "#/definitions/"
_DRAFT = "http://json-schema.org/draft-07/schema#"
_SPECIAL: dict[str, dict[str, Any]] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["string", "integer"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"]},
}
_PROSE = {"description", "default", "example", "nullable", "title"}


def strict(schema: Any) -> Any:
    """Return an OpenAPI schema as JSON Schema that allows no field it does not name, without prose."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            made[key] = {name: strict(field) for name, field in value.items()}
        elif key not in _PROSE and not key.startswith("x-kubernetes"):
            made[key] = strict(value)
    if "properties" in made and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made


def of_kubernetes(swagger: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield kind, apiVersion and schema of everything in Kubernetes' OpenAPI document."""
    definitions = {name: _SPECIAL.get(name) or strict(schema) for name, schema in swagger["definitions"].items()}
    for name, source in swagger["definitions"].items():
        [about, *others] = source.get("x-kubernetes-group-version-kind", [None])
        if about is None or others or "properties" not in definitions[name]:
            continue
        version = "/".join(part for part in (about["group"], about["version"]) if part)
        made = json.loads(json.dumps(definitions[name]))
        made["properties"] |= {"apiVersion": {"const": version}, "kind": {"const": about["kind"]}}
        made["required"] = sorted({*made.get("required", []), "apiVersion", "kind"})
        made["definitions"] = {other: definitions[other] for other in sorted(_references(made, definitions, set()))}
        yield about["kind"], version, made


def of_resource(crd: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield kind, apiVersion and schema of every version of a CRD."""
    for version in crd["spec"]["versions"]:
        made = strict(version["schema"]["openAPIV3Schema"])
        made["properties"]["metadata"] = {"type": "object"}
        yield crd["spec"]["names"]["kind"], f"{crd['spec']['group']}/{version['name']}", made


def file_name(kind: str, version: str) -> str:
    """Return the name of a schema's file."""
    group, _, own = version.rpartition("/")
    return "-".join(part for part in (kind, group.split(".")[0], own) if part).lower() + ".json"


def _references(schema: Any, definitions: dict[str, Any], found: set[str]) -> set[str]:
    if isinstance(schema, list):
        for item in schema:
            _references(item, definitions, found)
    elif isinstance(schema, dict):
        name = str(schema.get("$ref", "")).removeprefix(_POINTER)
        if name in definitions and name not in found:
            found.add(name)
            _references(definitions[name], definitions, found)
        for value in schema.values():
            _references(value, definitions, found)
    return found


def main(swagger: str, folder: str, kinds: str, *crds: str) -> None:
    """Write the schemas of some kinds into a folder."""
    made = list(of_kubernetes(json.loads(Path(swagger).read_text(encoding="utf-8"))))
    for crd in crds:
        documents = yaml.safe_load_all(Path(crd).read_text(encoding="utf-8"))
        made += [found for document in documents if document for found in of_resource(document)]
    for kind, version, schema in made:
        if kind in kinds.split(","):
            text = json.dumps({"$schema": _DRAFT, **schema}, separators=(",", ":"), sort_keys=True)
            (Path(folder) / file_name(kind, version)).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
