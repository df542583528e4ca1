"""The OpenAPI document: named, described, and with examples that are what they are examples of."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest

from api.app import described_app

DOCUMENT = described_app().openapi()
OPERATIONS = [operation for methods in DOCUMENT["paths"].values() for operation in methods.values()]
PARTS = DOCUMENT["components"]["schemas"]


def bodies(operation: dict[str, Any]) -> Iterator[str]:
    """Yield the names of what an operation takes and gives as JSON."""
    places = [operation.get("requestBody", {}), *(body for status, body in operation["responses"].items())]
    for place in places:
        if reference := place.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref"):
            yield reference.rpartition("/")[2]


def test_operations_have_names_of_their_own_a_summary_a_description_and_a_tag_that_is_described() -> None:
    names = [operation["operationId"] for operation in OPERATIONS]
    assert len(names) == len(set(names))
    assert all(name.replace("_", "").isalpha() and name.islower() for name in names)
    described = {tag["name"] for tag in DOCUMENT["tags"]}
    for operation in OPERATIONS:
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= described, operation["operationId"]
        for parameter in operation.get("parameters", ()):
            said = parameter.get("description") or parameter["schema"].get("description")
            assert said or parameter["in"] == "path", (operation["operationId"], parameter["name"])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation["operationId"])
def test_everything_that_goes_in_or_out_has_an_example(operation: dict[str, Any]) -> None:
    for name in bodies(operation):
        assert PARTS[name].get("examples"), f"give {name} an example in api/examples.py"


@pytest.mark.parametrize("name", [name for name, part in PARTS.items() if part.get("examples")])
def test_an_example_is_what_it_is_an_example_of(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    for example in PARTS[name]["examples"]:
        jsonschema.Draft202012Validator(schema).validate(example)


@pytest.mark.integration
async def test_the_api_takes_the_examples_of_its_document(client: httpx.AsyncClient) -> None:
    taken = {}
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            if reference := schema.get("$ref"):
                url = path.replace("{call_id}", "pbx-4711")
                for example in PARTS[reference.rpartition("/")[2]]["examples"]:
                    answer = await client.request(method, url, json=example)
                    taken[f"{method} {path} {json.dumps(example)[:40]}"] = answer.status_code
    # no call is stored: what names one is not there
    assert set(taken.values()) <= {200, 201, 202, 404}, taken
    assert list(taken.values()).count(404) <= 6, taken
