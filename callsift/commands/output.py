"""Where commands write: results to standard output, everything else to standard error."""

import json
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

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
            results.file.write("\t".join(row) + "\n")  # the console itself would write spaces for tabs
        results.file.flush()
        return
    results.print(make_table(title, columns, rows))


def make_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table for a terminal; its cells are shown whole and as they are, brackets too."""
    table = Table(*(Column(name, overflow="fold") for name in columns), title=title, title_justify="left")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def harmless(text: str, *, keep: str = "") -> str:
    """Return text from outside with what a terminal would obey, and tabs and line ends, written as escapes.

    ``keep`` names characters that stay as they are.
    """
    return "".join(
        character
        if character.isprintable() or character in keep
        else character.encode("unicode_escape", "backslashreplace").decode()
        for character in text
    )


def category_title(outcome: CallOutcome, taxonomy: Taxonomy) -> str:
    """Return what a person calls the outcome's category; codes that the taxonomy does not know stay codes."""
    if outcome.state == "unrecorded":
        return f"no recording: {outcome.disposition}"
    if outcome.category is None:
        return f"failed in {outcome.failure.stage}" if outcome.failure else "failed"
    leaf = Leaf(outcome.category, outcome.sub_category)
    return taxonomy.title(leaf) if leaf in taxonomy.leaves.values() else leaf.code


def reason(outcome: CallOutcome) -> str:
    """Return why a call has its category, or why it has none."""
    if outcome.failure:
        return f"{outcome.failure.message}. {outcome.failure.cure}"
    if outcome.state == "unrecorded":
        return "there is nothing to hear"
    facts = outcome.recording_facts
    damage = f" (recording damaged, {facts.lost_s:.1f} s lost)" if facts and facts.damaged else ""
    return f"{outcome.justification}{damage}"
