"""The pages of docs/ that are made from the code: settings, metrics, categories, outcomes. For ``make docs``."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from callsift.settings import HOME, SECTIONS
from schemas import CallOutcome, Taxonomy
from schemas.event import CallFacts
from schemas.taxonomy import SubCategory

METRIC_ROOMS = {
    "The runner of every stage, and what a worker stands on": "streams.metrics",
    "The monitor": "streams.monitor.metrics",
    "Audio": "agents.audio.metrics",
    "Transcribe": "agents.transcribe.metrics",
    "Classify": "agents.classify.metrics",
    "Sink": "agents.sink.metrics",
}
_MADE = "<!-- Made from the code by `make docs`; change it there. -->"


def settings_page() -> str:
    """Return docs/settings.md: every variable with its default and what it means."""
    lines = [
        "# Settings",
        _MADE,
        "",
        "Every setting is an environment variable. One that breaks its rule stops the start, with a message naming it.",
        "So does a name that begins with `CALLSIFT_` and is not on this page; the message says which one is nearest.",
        f"`{HOME}` (default `~/.callsift`) is where `callsift up` keeps its data and its state file.",
    ]
    for title, section in SECTIONS.items():
        lines += ["", f"## {title}", "", "| variable | default | meaning |", "|---|---|---|"]
        lines += [
            f"| `{section.variable(name)}` | {_default(field.default)} | {_one_line(field.description)} |"
            for name, field in section.model_fields.items()
        ]
    return "\n".join(lines) + "\n"


def metrics_page() -> str:
    """Return docs/metrics.md: every metric with its type, its labels and what to conclude from it."""
    lines = ["# Metrics", _MADE, "", "Every worker serves its own on `/metrics`."]
    for title, room in METRIC_ROOMS.items():
        lines += ["", f"## {title}", "", "| metric | type | labels | meaning |", "|---|---|---|---|"]
        lines += [_metric_row(wrapper) for wrapper in _wrappers(room)]
    return "\n".join(lines) + "\n"


def categories_page() -> str:
    """Return docs/categories.md: the taxonomy for people."""
    taxonomy = Taxonomy.load()
    lines = ["# Categories", _MADE, "", f"Version {taxonomy.version} of `schemas/taxonomy.yaml`.", ""]
    lines.append(" ".join(taxonomy.company.split()))
    for category in taxonomy.categories:
        lines += ["", f"## {category.name.en} · {category.name.tr}", "", *_entry(category)]
        for sub_category in category.sub_categories:
            lines += ["", f"### {sub_category.name.en} · {sub_category.name.tr}", "", *_entry(sub_category)]
    lines += ["", "## When several fit", "", "What ended the call decides; in doubt the first of these that fits.", ""]
    lines += [f"{number}. {rule.when}: `{rule.leaf}`" for number, rule in enumerate(taxonomy.precedence, 1)]
    return "\n".join(lines) + "\n"


def outcomes_page() -> str:
    """Return docs/outcomes.md: every field of the public outcome with its type and what it means."""
    schema = CallOutcome.model_json_schema(mode="serialization")
    parts = {name: part for name, part in schema["$defs"].items() if part.get("type") == "object"}
    sent = {name: field for name, field in schema["properties"].items() if name in CallFacts.model_fields}
    decided = {name: field for name, field in schema["properties"].items() if name not in sent}
    lines = [
        "# Consuming outcomes",
        _MADE,
        "",
        "`calls.outcomes` is compacted and keyed by `call_id`: it holds the newest outcome of every call. JSON Schema:",
        "[`CallOutcome.schema.json`](../schemas/contract/CallOutcome.schema.json); all topics:",
        "[`asyncapi.yaml`](../schemas/contract/asyncapi.yaml). Python users may import `schemas.CallOutcome`.",
        "",
        "Unknown fields may appear at any time: ignore them. The changelog announces a change of the major",
        "`schema_version`. An outcome may come twice: [which ones to drop](delivery.md#repetition).",
        "[Categories](categories.md), [recordings](recordings.md), [redaction](privacy.md) and",
        "[provisional outcomes](reprocessing.md) have pages of their own.",
    ]
    tables = {"What was decided": ("", decided), "The call": ("As the PBX sent it, and what all events carry.", sent)}
    tables |= {name: (part["description"], part["properties"]) for name, part in sorted(parts.items())}
    for title, (about, fields) in tables.items():
        lines += ["", f"## {title}", "", *([_one_line(about), ""] if about else [])]
        lines += ["| field | type | meaning |", "|---|---|---|"]
        lines += [
            f"| `{name}` | {_type(field, schema['$defs'])} | {_one_line(field['description'])} |"
            for name, field in fields.items()
        ]
    return "\n".join(lines) + "\n"


PAGES = {
    "settings.md": settings_page,
    "metrics.md": metrics_page,
    "categories.md": categories_page,
    "outcomes.md": outcomes_page,
}


def write_pages(folder: Path) -> None:
    """Write every page into ``folder``."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


def _one_line(text: str | None) -> str:
    return " ".join((text or "").replace("``", "`").split())


def _default(value: object) -> str:
    if value is PydanticUndefined or value is None:
        return "–"
    if isinstance(value, SecretStr):
        return f"`{value.get_secret_value()}`"
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    shown = str(value).replace(Path.home().as_uri(), "file://~")
    return f"`{shown}`" if shown else "empty"


def _type(field: dict[str, Any], parts: dict[str, Any]) -> str:
    """Name the JSON type of a field as people say it; a part is a link to its table."""
    match field:
        case {"anyOf": kinds}:
            shown = " or ".join(_type(kind, parts) for kind in kinds)
        case {"$ref": reference}:
            name = reference.rpartition("/")[2]
            is_part = parts[name].get("type") == "object"
            shown = f"[{name}](#{name.lower()})" if is_part else _type(parts[name], parts)
        case {"enum": values}:
            shown = ", ".join(f"`{value}`" for value in values)
        case {"type": "array", "items": item}:
            shown = f"list of {_type(item, parts)}"
        case {"type": "object", "additionalProperties": value}:
            shown = f"map to {_type(value, parts)}"
        case {"format": "date-time"}:
            shown = "date and time"
        case _:
            shown = field.get("type", "any")
    return shown


def _wrappers(room: str) -> Iterator[MetricWrapperBase]:
    yield from (value for value in vars(importlib.import_module(room)).values() if isinstance(value, MetricWrapperBase))


def _metric_row(wrapper: MetricWrapperBase) -> str:
    metric: Metric = next(iter(wrapper.describe()))
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    labels = ", ".join(f"`{label}`" for label in wrapper._labelnames)
    return f"| `{name}` | {metric.type} | {labels} | {metric.documentation} |"


def _entry(entry: SubCategory) -> list[str]:
    lines = [f"`{entry.code}`: {' '.join(entry.definition.split())}", ""]
    for label, items in (("Also", entry.belongs), ("Not", entry.excludes), ("Callers say", entry.examples)):
        lines += [f"- {label}: {'; '.join(items)}"] if items else []
    return lines


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
