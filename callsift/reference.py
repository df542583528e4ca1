"""The pages of docs/ that are made from the code, wholly or in part. ``make docs`` writes them."""

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from callsift.api_reference import api_page
from callsift.event_reference import dead_letters_page
from callsift.outcome_reference import MADE, one_line, outcomes_page
from callsift.publishing_reference import publishing_page
from callsift.settings import HOME, PUSH_KEY, SECTIONS
from schemas import Taxonomy
from schemas.taxonomy import SubCategory

_ROOT = Path(__file__).parents[1]
_ROOMS = ("schemas", "review", "streams", "store", "sources", "agents", "api", "pages", "callsift")
_TREE_BEGINS, _TREE_ENDS = "<!-- the tree: made by `make docs` -->", "<!-- end of the tree -->"
METRIC_ROOMS = {
    "The runner of every stage, and what a worker stands on": "streams.metrics",
    "The monitor": "streams.monitor.metrics",
    "Audio": "agents.audio.metrics",
    "Transcribe": "agents.transcribe.metrics",
    "Classify": "agents.classify.metrics",
    "Sink": "agents.sink.metrics",
    "Operations": "callsift.operations.metrics",
    "Webhooks": "callsift.webhooks.metrics",
    "Ways in": "sources.metrics",
    "The store, in whichever process asks it": "store.metrics",
    "The API": "api.metrics",
}


def settings_page() -> str:
    """Return docs/settings.md: every variable with its default and what it means."""
    lines = [
        "# Settings",
        MADE,
        "",
        "Every setting is an environment variable. One that breaks its rule stops the start, with a message naming it.",
        "So does a name that begins with `CALLSIFT_` and is not on this page: the message says which one is nearest,",
        "and what to do instead of one that was a setting once.",
        f"`{HOME}` (default `~/.callsift`) is where `callsift up` keeps its data and its state file.",
        f"`{PUSH_KEY}` is the key of [`callsift push`](push.md), which reads no other setting.",
    ]
    for title, section in SECTIONS.items():
        lines += ["", f"## {title}", "", "| variable | default | meaning |", "|---|---|---|"]
        lines += [
            f"| `{section.variable(name)}` | {_default(field.default)} | {one_line(field.description)} |"
            for name, field in section.model_fields.items()
        ]
    return "\n".join(lines) + "\n"


def metrics_page() -> str:
    """Return docs/metrics.md: every metric with its type, its labels and what to conclude from it."""
    lines = ["# Metrics", MADE, "", "Every worker serves its own on `/metrics`."]
    for title, room in METRIC_ROOMS.items():
        lines += ["", f"## {title}", "", "| metric | type | labels | meaning |", "|---|---|---|---|"]
        lines += [_metric_row(wrapper) for wrapper in _wrappers(room)]
    return "\n".join(lines) + "\n"


def categories_page() -> str:
    """Return docs/categories.md: the taxonomy for people."""
    taxonomy = Taxonomy.shipped()
    lines = ["# Categories", MADE, "", f"Version {taxonomy.version} of `schemas/taxonomy.yaml`.", ""]
    lines.append(" ".join(taxonomy.company.split()))
    for category in taxonomy.categories:
        lines += ["", f"## {_names(category)}", "", *_entry(category)]
        for sub_category in category.sub_categories:
            lines += ["", f"### {_names(sub_category)}", "", *_entry(sub_category)]
    lines += [
        "",
        "## When several fit",
        "",
        "What ended the call decides: the first of these that holds, read literally.",
        "",
    ]
    lines += [f"{number}. {rule.when}: `{rule.leaf}`" for number, rule in enumerate(taxonomy.precedence, 1)]
    return "\n".join(lines) + "\n"


def architecture_page() -> str:
    """Return docs/architecture.md with its tree of the rooms as the folders' own docstrings have it."""
    text = (_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(_TREE_BEGINS)
    return f"{before}{_TREE_BEGINS}\n\n```\n{_tree()}\n```\n\n{_TREE_ENDS}{rest.partition(_TREE_ENDS)[2]}"


PAGES = {
    "api-reference.md": api_page,
    "architecture.md": architecture_page,
    "categories.md": categories_page,
    "dead-letters.md": dead_letters_page,
    "metrics.md": metrics_page,
    "outcomes.md": outcomes_page,
    "publishing.md": publishing_page,
    "settings.md": settings_page,
}


def write_pages(folder: Path) -> None:
    """Write every page into ``folder``."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


def _default(value: object) -> str:
    if value is PydanticUndefined or value is None:
        return "–"
    if isinstance(value, SecretStr):
        return f"`{value.get_secret_value()}`"
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    shown = str(value).replace(str(Path.home()), "~")
    return f"`{shown}`" if shown else "empty"


def _tree() -> str:
    """Return a line for each folder of the rooms: its name, and the first line of its docstring."""
    lines = []
    for room in _ROOMS:
        for path in sorted((_ROOT / room).rglob("__init__.py")):
            folder = path.relative_to(_ROOT).parent
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            indented = "  " * (len(folder.parts) - 1) + folder.name + "/"
            lines.append(f"{indented:<18} {docstring.partition(chr(10))[0]}")
    return "\n".join(lines)


def _wrappers(room: str) -> Iterator[MetricWrapperBase]:
    yield from (value for value in vars(importlib.import_module(room)).values() if isinstance(value, MetricWrapperBase))


def _metric_row(wrapper: MetricWrapperBase) -> str:
    metric: Metric = next(iter(wrapper.describe()))
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    labels = ", ".join(f"`{label}`" for label in wrapper._labelnames)
    return f"| `{name}` | {metric.type} | {labels} | {metric.documentation} |"


def _names(entry: SubCategory) -> str:
    return " · ".join(entry.name.values())


def _entry(entry: SubCategory) -> list[str]:
    lines = [f"`{entry.code}`: {' '.join(entry.definition.split())}", ""]
    for label, items in (("Also", entry.belongs), ("Not", entry.excludes), ("Callers say", entry.examples)):
        lines += [f"- {label}: {'; '.join(items)}"] if items else []
    return lines


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
