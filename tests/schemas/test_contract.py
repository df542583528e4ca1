"""The exported contract is what other teams build on: it must say what the code does."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.contract import export_contract
from streams.topics import TOPICS

COMMITTED = Path(__file__).parents[2] / "schemas" / "contract"
OPENAPI = "openapi.json"
"""The API's own, which tests/api/test_app.py compares."""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contract")
    export_contract(folder)
    return folder


def test_the_committed_contract_is_current(exported: Path) -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in COMMITTED.glob("*") if path.name != OPENAPI}
    fresh = {path.name: path.read_text(encoding="utf-8") for path in exported.glob("*")}
    stale = sorted(name for name in committed.keys() | fresh.keys() if committed.get(name) != fresh.get(name))
    assert not stale, f"schemas/contract is not what the code says ({', '.join(stale)}): run `make schemas`"


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_field_is_described(exported: Path, topic: Any) -> None:
    schema = json.loads((exported / f"{topic.content.__name__}.schema.json").read_text(encoding="utf-8"))
    objects = {"": schema} | schema.get("$defs", {})
    bare = [
        f"{name}.{field}"
        for name, definition in objects.items()
        for field, content in definition.get("properties", {}).items()
        if not content.get("description")
    ]
    assert not bare
    assert schema["$schema"].endswith("2020-12/schema")


def test_the_asyncapi_document_names_every_topic_and_refers_to_files_that_exist(exported: Path) -> None:
    document = yaml.safe_load((exported / "asyncapi.yaml").read_text(encoding="utf-8"))
    assert {channel["address"] for channel in document["channels"].values()} == {topic.name for topic in TOPICS}
    for operation in document["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in document["channels"]
    for message in document["components"]["messages"].values():
        assert (exported / message["payload"]["schema"]["$ref"]).is_file()


def test_a_prefix_is_put_before_every_address(tmp_path: Path) -> None:
    export_contract(tmp_path, prefix="test.")
    document = yaml.safe_load((tmp_path / "asyncapi.yaml").read_text(encoding="utf-8"))
    assert all(channel["address"].startswith("test.calls.") for channel in document["channels"].values())
