"""docs/api-reference.md, made from the OpenAPI document of the API."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from api.app import described_app
from callsift.outcome_reference import MADE, one_line, type_name
from schemas import CallOutcome

_PARTS = "#/components/schemas/"


def api_page() -> str:
    """Return docs/api-reference.md: every route, what it takes and gives, with examples."""
    document = described_app().openapi()
    parts = {name: part for name, part in document["components"]["schemas"].items() if name not in _elsewhere()}
    lines = [
        "# API reference",
        MADE,
        "",
        "How to use it: [api.md](api.md). The same for programs: [`openapi.json`](../schemas/contract/openapi.json),",
        "which every API serves as `/v1/openapi.json`. A parameter that is a list may be given several times.",
    ]
    for tag in document["tags"]:
        lines += ["", f"## {tag['name'].capitalize()}", "", tag["description"]]
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if tag["name"] in operation["tags"]:
                    lines += _operation(f"{method.upper()} {path}", operation, document["components"]["schemas"])
    lines += ["", "## What goes in and out"]
    for name, part in sorted(parts.items()):
        if part.get("type") == "object":
            lines += [
                "",
                f"### {name}",
                "",
                one_line(part.get("description")),
                *_fields(part, document),
                *_examples(part),
            ]
    return "\n".join(lines) + "\n"


def _operation(title: str, operation: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"### {title}", "", one_line(operation["description"]))
    if parameters := operation.get("parameters"):
        yield from ("", "| parameter | in | type | meaning |", "|---|---|---|---|")
        for one in parameters:
            name = f"`{one['name']}`" + (", required" if one.get("required") and one["in"] != "path" else "")
            about = one.get("description") or one["schema"].get("description")
            yield f"| {name} | {one['in']} | {_type(one['schema'], parts)} | {one_line(about)} |"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield from ("", f"Takes {_content(kind, content, parts)}.")
    for status, answer in operation["responses"].items():
        if status != "default":
            kinds = [_content(kind, content, parts) for kind, content in answer.get("content", {}).items()]
            said = f"{status}: {', or '.join(kinds) or 'nothing'}"
            yield from (
                "",
                f"Gives {said}. {one_line(answer['description'])}".replace("Successful Response", "").strip(),
            )


def _content(kind: str, content: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    schema = content.get("schema", {})
    return f"`{kind}`" + (f", {_type(schema, parts)}" if "$ref" in schema else "")


def _examples(part: Mapping[str, Any]) -> Iterator[str]:
    for example in part.get("examples", ()):
        yield from ("", "```json", json.dumps(example, ensure_ascii=False, indent=1), "```")


def _fields(part: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    if fields := part.get("properties"):
        yield from ("", "| field | type | meaning |", "|---|---|---|")
    for name, field in (fields or {}).items():
        about = one_line(field.get("description"))
        yield f"| `{name}` | {_type(field, document['components']['schemas'])} | {about} |"


def _type(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    shown = type_name(dict(schema), dict(parts))
    for name in _elsewhere():
        shown = shown.replace(
            f"(#{name.lower()})", f"(outcomes.md{'' if name == 'CallOutcome' else '#' + name.lower()})"
        )
    return shown


def _elsewhere() -> set[str]:
    """Return the parts that docs/outcomes.md describes."""
    schema = CallOutcome.model_json_schema(mode="serialization")
    return {"CallOutcome", *(name for name, part in schema["$defs"].items() if part.get("type") == "object")}
