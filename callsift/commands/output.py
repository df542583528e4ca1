"""Where commands write: results to standard output, everything else to standard error."""

import json
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from schemas import CallOutcome, Taxonomy
from schemas.taxonomy import Leaf

results = Console(soft_wrap=True)
notes = Console(stderr=True, soft_wrap=True)


def print_json(value: object, *, indent: int | None = 2) -> None:
    """Write one JSON document; ``indent`` None makes it one line."""
    results.out(json.dumps(value, ensure_ascii=False, indent=indent), highlight=False)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table on a terminal, and tab-separated lines elsewhere."""
    if not results.is_terminal:
        for row in (columns, *rows):
            results.out("\t".join(row), highlight=False)
        return
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    results.print(table)


def category_title(outcome: CallOutcome, taxonomy: Taxonomy) -> str:
    """Return what a person calls the outcome's category; codes that the taxonomy does not know stay codes."""
    if outcome.category is None:
        return f"failed in {outcome.failure.stage}" if outcome.failure else "failed"
    leaf = Leaf(outcome.category, outcome.sub_category)
    return taxonomy.title(leaf) if leaf in taxonomy.leaves.values() else leaf.code


def reason(outcome: CallOutcome) -> str:
    """Return why a call has its category, or why it has none."""
    if outcome.failure:
        return f"{outcome.failure.message}. {outcome.failure.cure}"
    facts = outcome.recording_facts
    damage = f" (recording damaged, {facts.lost_s:.1f} s lost)" if facts and facts.damaged else ""
    return f"{outcome.justification}{damage}"
