"""The tables of a call-ended event's fields, and the examples of producers, in docs/publishing.md."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from callsift.outcome_reference import one_line, type_name
from schemas import CallEnded

_DOCS = Path(__file__).parents[1] / "docs"
_FIELDS = ("<!-- the fields: made by `make docs` -->", "<!-- end of the fields -->")
_EXAMPLES = ("<!-- the examples: made by `make docs` from docs/publishing -->", "<!-- end of the examples -->")
_PIPELINES = ("schema_version", "event_id", "trace_id", "hops")
"""Fields that the pipeline fills in: a producer leaves them out."""
_SHOWN = {
    "Python": {"python": "publish.py"},
    "Java": {"java": "Publish.java", "xml": "pom.xml"},
    "Node": {"js": "publish.mjs", "json": "package.json"},
    "kcat": {"sh": "publish.sh"},
}


def publishing_page() -> str:
    """Return docs/publishing.md with its tables and its examples."""
    text = (_DOCS / "publishing.md").read_text(encoding="utf-8")
    for (begins, ends), made in ((_FIELDS, _fields()), (_EXAMPLES, _examples())):
        before, _, rest = text.partition(begins)
        text = f"{before}{begins}\n\n{made}\n\n{ends}{rest.partition(ends)[2]}"
    return text


def _fields() -> str:
    schema = CallEnded.model_json_schema()
    parts = {name: part for name, part in schema["$defs"].items() if part.get("type") == "object"}
    own = {name: field for name, field in schema["properties"].items() if name not in _PIPELINES}
    filled_in = {name: field for name, field in schema["properties"].items() if name in _PIPELINES}
    lines = _table(own, schema["required"], schema["$defs"])
    for name, part in sorted(parts.items()):
        if name != "Hop":
            lines += ["", f"### {name}", "", one_line(part["description"]), ""]
            lines += _table(part["properties"], part.get("required", []), schema["$defs"])
    lines += ["", "### Left out", "", "The pipeline fills these in; a producer has no use for them.", ""]
    lines += ["| field | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {one_line(field['description'])} |" for name, field in filled_in.items()]
    return "\n".join(lines)


def _table(fields: Mapping[str, Any], required: list[str], parts: dict[str, Any]) -> list[str]:
    lines = ["| field | | type | meaning |", "|---|---|---|---|"]
    for name, field in fields.items():
        must = "**must**" if name in required else ""
        lines.append(f"| `{name}` | {must} | {type_name(field, parts)} | {one_line(field['description'])} |")
    return lines


def _examples() -> str:
    shown = []
    for title, files in _SHOWN.items():
        shown += ["", f"### {title}"]
        for language, name in files.items():
            code = (_DOCS / "publishing" / name).read_text(encoding="utf-8").rstrip()
            shown += ["", f"[{name}](publishing/{name}):", "", f"```{language}\n{code}\n```"]
    return "\n".join(shown[1:])
