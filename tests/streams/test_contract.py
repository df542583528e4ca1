"""The exported contract."""

import json
from pathlib import Path
from typing import Any

import yaml

from schemas import CallOutcome
from streams.contract import asyncapi, export_contract
from streams.topics import TOPICS


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in references(value)]
    return [found for value in node for found in references(value)] if isinstance(node, list) else []


def test_every_reference_in_the_asyncapi_document_resolves(tmp_path: Path) -> None:
    export_contract(tmp_path)
    document = yaml.safe_load((tmp_path / "asyncapi.yaml").read_text(encoding="utf-8"))
    found = references(document)
    assert len(found) >= 2 * len(TOPICS)
    for reference in found:
        file, _, pointer = reference.partition("#")
        target: Any = json.loads((tmp_path / file).read_text(encoding="utf-8")) if file else document
        for step in pointer.strip("/").split("/") if pointer else []:
            target = target[step]
        assert target


def test_addresses_carry_the_prefix() -> None:
    addresses = {channel["address"] for channel in asyncapi("staging.")["channels"].values()}
    assert addresses == {f"staging.{topic.name}" for topic in TOPICS}


def test_every_field_of_every_event_is_described() -> None:
    missing = []
    for topic in TOPICS:
        schema = topic.content.model_json_schema()
        parts = {topic.content.__name__: schema, **schema.get("$defs", {})}
        missing += [
            f"{name}.{field}"
            for name, part in parts.items()
            for field, entry in part.get("properties", {}).items()
            if not entry.get("description")
        ]
    assert missing == []


def test_a_consumer_can_tell_the_states_of_an_outcome_from_the_schema() -> None:
    assert CallOutcome.model_json_schema()["properties"]["state"]["enum"] == ["done", "failed", "unrecorded"]
