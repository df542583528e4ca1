"""`callsift topics export`: what Strimzi takes, and the same for other tools."""

import json
from dataclasses import asdict
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from callsift.worker import ALL_WORKERS
from deploy.helm.kubernetes_schemas import file_name
from streams.kafka.acls import API, SCALER, SOURCE, TOOLS, users
from streams.kafka.topic_admin import wanted_topics
from streams.settings import KafkaSettings
from streams.topics import ALL_TOPICS
from tests.callsift import terminal
from tests.deploy.test_chart import SCHEMAS

PREFIX = "Blue_1."
VARIABLES = {"CALLSIFT_KAFKA_PREFIX": PREFIX, "CALLSIFT_KAFKA_REPLICATION_FACTOR": "3"}
KAFKA = KafkaSettings(prefix=PREFIX, replication_factor=3)


def export(*options: str) -> str:
    ended = terminal.run(VARIABLES, "topics", "export", *options)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def resources(*options: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(export("--cluster", "main", *options)))


@pytest.mark.parametrize("options", [(), ("--acls",), ("--acls", "--authentication", "tls", "--namespace", "kafka")])
def test_exported_resources_are_valid_for_strimzi(options: tuple[str, ...]) -> None:
    found = resources(*options)
    assert len(found) == (len(ALL_WORKERS) + 4 if "--acls" in options else len(ALL_TOPICS))
    for resource in found:
        schema = json.loads((SCHEMAS / file_name(resource["kind"], resource["apiVersion"])).read_text(encoding="utf-8"))
        wrong = Draft7Validator(schema).iter_errors(resource)
        assert [f"{error.json_path}: {error.message}" for error in wrong] == [], resource["metadata"]["name"]


def test_every_topic_is_a_resource_that_says_how_it_is_kept() -> None:
    wanted = wanted_topics(KAFKA)
    found = {resource["spec"]["topicName"]: resource for resource in resources("--namespace", "kafka")}
    assert found.keys() == wanted.keys()
    for name, resource in found.items():
        spec = resource["spec"]
        assert (spec["partitions"], spec["replicas"]) == (wanted[name].partitions, 3)
        assert spec["config"] == wanted[name].config
        assert resource["metadata"]["labels"]["strimzi.io/cluster"] == "main"
        assert resource["metadata"]["namespace"] == "kafka"
    assert len({resource["metadata"]["name"] for resource in found.values()}) == len(found)


def test_every_worker_the_api_the_scaler_the_sources_and_the_tools_are_users_with_their_rules() -> None:
    wanted = {user.name: user for user in users(KAFKA)}
    assert {user.runs for user in wanted.values()} == {*ALL_WORKERS, API, SCALER, SOURCE, TOOLS}
    found = {resource["metadata"]["name"]: resource["spec"] for resource in resources("--acls")}
    assert found.keys() == wanted.keys()
    for name, spec in found.items():
        assert spec["authentication"] == {"type": "scram-sha-512"}
        rules = [
            {"resource": rule["resource"]["type"], "name": rule["resource"]["name"], "operations": rule["operations"]}
            for rule in spec["authorization"]["acls"]
        ]
        assert rules == [asdict(rule) | {"operations": list(rule.operations)} for rule in wanted[name].rules]


def test_other_tools_get_the_same_as_a_plain_list() -> None:
    assert json.loads(export("--acls", "--json")) == json.loads(json.dumps([asdict(user) for user in users(KAFKA)]))
    topics = {entry.pop("topic"): entry for entry in json.loads(export("--json"))}
    assert topics == {name: asdict(kept) for name, kept in wanted_topics(KAFKA).items()}


def test_without_the_name_of_a_cluster_nothing_is_exported() -> None:
    ended = terminal.run({}, "topics", "export")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "--cluster" in ended.stderr
