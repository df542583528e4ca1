"""A request for every route, as every role sends it: what the authorisation matrix asks.

A request is made from the route's own OpenAPI document. What cannot be made from it is in EXAMPLES.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi.routing import APIRoute

from api.access import Right
from tests.api.routes import rights_of

IN_SCOPE, OUT_OF_SCOPE = "call-in-scope", "call-out-of-scope"
"""The calls that the store has."""


@dataclass(frozen=True)
class Example:
    """What a route is sent, where its OpenAPI document does not say it."""

    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the path besides the call's identifier."""
    is_endless: bool = False
    """Whether its answer does not end by itself: only that it begins is looked at."""


_EVENT = {"ended_at": "2026-11-28T10:00:00Z", "recording": {"uri": "https://pbx.example/1.wav"}, "queue": "sales"}
EXAMPLES: dict[tuple[str, str], Example] = {
    ("POST", "/v1/calls"): Example(json=_EVENT),
    ("POST", "/v1/calls:batchCreate"): Example(json={"requests": [_EVENT]}),
    ("GET", "/v1/operations/{operation_id}"): Example(path={"operation_id": "none"}),
    ("GET", "/v1/operations/{operation_id}/result"): Example(path={"operation_id": "none"}),
    ("POST", "/v1/operations/{operation_id}:cancel"): Example(path={"operation_id": "none"}),
    ("GET", "/v1/dead-letters/{letter_id}"): Example(path={"letter_id": "none"}),
    ("POST", "/v1/dead-letters/{letter_id}:replay"): Example(path={"letter_id": "none"}),
    ("POST", "/v1/calls/{call_id}/labels"): Example(
        json={"category": "empty_call"}, headers={"If-Match": "*", "Prefer": "wait=0"}
    ),
    ("GET", "/v1/calls/{call_id}/labels/{label_id}"): Example(path={"label_id": "none"}),
    ("POST", "/v1/webhooks/{source}"): Example(json={}, path={"source": "none"}),
    ("GET", "/v1/webhooks/{source}"): Example(path={"source": "none"}),
    ("GET", "/v1/webhook-endpoints/{endpoint_id}"): Example(path={"endpoint_id": "none"}),
    ("PATCH", "/v1/webhook-endpoints/{endpoint_id}"): Example(path={"endpoint_id": "none"}),
    ("DELETE", "/v1/webhook-endpoints/{endpoint_id}"): Example(path={"endpoint_id": "none"}),
    ("POST", "/v1/webhook-endpoints/{endpoint_id}:rotateSecret"): Example(path={"endpoint_id": "none"}),
    ("POST", "/v1/webhook-endpoints/{endpoint_id}:replay"): Example(path={"endpoint_id": "none"}),
    ("GET", "/v1/webhook-endpoints/{endpoint_id}/deliveries"): Example(path={"endpoint_id": "none"}),
    ("POST", "/v1/webhook-endpoints/{endpoint_id}/deliveries/{webhook_id}:replay"): Example(
        path={"endpoint_id": "none", "webhook_id": "none"}
    ),
    ("GET", "/v1/outcomes/stream"): Example(is_endless=True),
}
"""By method and path, such as ("POST", "/v1/calls"). Add a line where a route's request cannot be made without."""
_SAME_TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
"""So that two problems can be compared."""
CALL_PARAMETERS = ("call_id", "id")
"""What routes call the identifier of a call in their path."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    is_about_one_call: bool
    example: Example

    @property
    def arguments(self) -> dict[str, Any]:
        """What httpx sends besides method and path."""
        sent = {"headers": _SAME_TRACE | dict(self.example.headers), "params": dict(self.example.query)}
        if self.example.content is not None:
            return sent | {"content": self.example.content}
        return sent | ({"json": self.example.json} if self.example.json is not None else {})


def needed(route: APIRoute) -> set[Right]:
    """Return the rights that a route asks for.

    Raises:
        AssertionError: It asks for none: whoever added it forgot Requires.
    """
    rights = rights_of(route)
    assert rights, f"{route.path} asks for no right: add Annotated[Principal, Depends(Requires(Right.…))]"
    return rights


def asked(
    document: Mapping[str, Any], route: APIRoute, call_id: str, examples: Mapping[tuple[str, str], Example]
) -> Asked:
    """Return the request of a route about a call, as the API's OpenAPI document describes it.

    Raises:
        AssertionError: It cannot be made; the message names the table where an example belongs.
    """
    method = min(route.methods or {"GET"})
    example = examples.get((method, route.path), Example())
    where = f"{method} {route.path} cannot be asked: add an Example to EXAMPLES in tests/api/access/matrix.py with "
    path, is_about_one_call = route.path, False
    for name in re.findall(r"{(\w+)(?::\w+)?}", route.path):
        is_call = name in CALL_PARAMETERS and "/calls/" in route.path
        is_about_one_call |= is_call
        value = call_id if is_call else example.path.get(name)
        assert value is not None, f"{where}path={{{name!r}: …}}"
        path = re.sub(rf"{{{name}(:\w+)?}}", value, path)
    operation = document["paths"][route.path_format].get(method.lower(), {})  # HEAD is not described
    for one in operation.get("parameters", ()):
        given = {"query": example.query, "header": {name.lower() for name in example.headers}}.get(one["in"], ())
        is_given = one["name"] in given or one["name"].lower() in given or one["in"] == "path"
        assert is_given or not one.get("required"), f"{where}its {one['in']} {one['name']!r}"
    body = operation.get("requestBody")
    if body is not None and body.get("required") and example.json is None and example.content is None:
        schema = body["content"].get("application/json", {}).get("schema")
        made = _example_of(schema, document) if schema else None
        assert made is not None, f"{where}its body as json or content"
        example = replace(example, json=made)
    return Asked(method, path, is_about_one_call, example)


def _example_of(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """Return a value that a schema says itself, by example, default, or an object whose fields say theirs."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    for said in (*schema.get("examples", ())[:1], *(schema[key] for key in ("default", "const") if key in schema)):
        return said
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") != "object":
        return {"string": "x", "integer": schema.get("minimum", 1), "number": 1.0, "boolean": False}.get(
            schema.get("type", "")
        )
    fields = {name: _example_of(schema["properties"][name], document) for name in schema.get("required", ())}
    return None if None in fields.values() else fields
