"""docs/outcomes.md, made from the docstrings of the public outcome."""

from typing import Any

from schemas import CallOutcome
from schemas.event import CallFacts

MADE = "<!-- Made from the code by `make docs`; change it there. -->"

_IN_MONGODB = """
## The document in MongoDB

One per call, in the collection that `CALLSIFT_MONGO_COLLECTION` names:

| field | holds |
|---|---|
| `_id` | the `call_id` |
| `outcome` | the newest outcome, as on `calls.outcomes`; moments are text |
| `history` | every outcome of the call, the oldest first |
| `turns`, `words` | the transcript, redacted; and its words by speaker, for searching |
| `revision`, `state`, `category`, `sub_category`, `ended_at`, `decided_at` | as in `outcome`; moments are moments |
| `search` | what the API searches by: no interface, it may change |

`db.calls.find({category: "unnecessary_call", ended_at: {$gte: ISODate("2026-11-27")}}, {"outcome.justification": 1})`
""".rstrip().splitlines()


def outcomes_page() -> str:
    """Return docs/outcomes.md: every field of the public outcome with its type and what it means."""
    schema = CallOutcome.model_json_schema(mode="serialization")
    parts = {name: part for name, part in schema["$defs"].items() if part.get("type") == "object"}
    sent = {name: field for name, field in schema["properties"].items() if name in CallFacts.model_fields}
    decided = {name: field for name, field in schema["properties"].items() if name not in sent}
    lines = [
        "# Consuming outcomes",
        MADE,
        "",
        "`calls.outcomes` is compacted and keyed by `call_id`: it holds the newest outcome of every call. JSON Schema:",
        "[`CallOutcome.schema.json`](../schemas/contract/CallOutcome.schema.json); all topics:",
        "[`asyncapi.yaml`](../schemas/contract/asyncapi.yaml). Python users may import `schemas.CallOutcome`.",
        "",
        "**A message without a value (null) says that the call in its key is gone**: forgotten, or too old. Remove",
        "what you keep of it ([forgetting](privacy.md#forgetting)). It may come twice, and for a call you do not know.",
        "",
        "Unknown fields may appear at any time: ignore them. The changelog announces a change of the major",
        "`schema_version`. An outcome may come twice: [which ones to drop](delivery.md#repetition).",
        "",
        "[Consumers](consumers.md) in Python and Java to begin with; who cannot read Kafka has outcomes",
        "posted to an address ([webhooks](webhooks.md)).",
        "",
        "**Not every call has a category.** In state `failed` it could not be processed; in state `unrecorded`",
        "there is no recording, and `disposition` says how the call went: count `missed` and `abandoned` among",
        "what was lost, and none among the empty calls",
        "([calls without a recording](sources.md#calls-without-a-recording)).",
        "",
        "**Who decided** is in `source`. Where it is `human`, `category` and `sub_category` are a person's, and",
        "`machine` has what the classifier says. `facts` says",
        "[what became of the call](api.md#what-became-of-a-call). Both come as further revisions.",
        "",
        "[Categories](categories.md), [recordings](recordings.md), [redaction](privacy.md) and",
        "[provisional outcomes](reprocessing.md) have pages of their own.",
    ]
    tables = {"What was decided": ("", decided), "The call": ("As the PBX sent it, and what all events carry.", sent)}
    tables |= {name: (part["description"], part["properties"]) for name, part in sorted(parts.items())}
    for title, (about, fields) in tables.items():
        lines += ["", f"## {title}", "", *([one_line(about), ""] if about else [])]
        lines += ["| field | type | meaning |", "|---|---|---|"]
        lines += [
            f"| `{name}` | {type_name(field, schema['$defs'])} | {one_line(field['description'])} |"
            for name, field in fields.items()
        ]
    return "\n".join([*lines, *_IN_MONGODB]) + "\n"


def one_line(text: str | None) -> str:
    """Return a docstring as one line of Markdown."""
    return " ".join((text or "").replace("``", "`").split())


def type_name(field: dict[str, Any], parts: dict[str, Any]) -> str:
    """Name the JSON type of a field as people say it; a part is a link to its table."""
    match field:
        case {"anyOf": kinds}:
            shown = " or ".join(type_name(kind, parts) for kind in kinds)
        case {"$ref": reference}:
            name = reference.rpartition("/")[2]
            is_part = parts[name].get("type") == "object"
            shown = f"[{name}](#{name.lower()})" if is_part else type_name(parts[name], parts)
        case {"enum": values}:
            shown = ", ".join(f"`{value}`" for value in values)
        case {"type": "array", "items": item}:
            shown = f"list of {type_name(item, parts)}"
        case {"type": "object", "additionalProperties": dict(value)}:
            shown = f"map to {type_name(value, parts)}"
        case {"format": "date-time"}:
            shown = "date and time"
        case _:
            shown = field.get("type", "any")
    return shown
