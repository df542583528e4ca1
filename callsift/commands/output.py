"""Where commands write: results to standard output, everything else to standard error."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from schemas import CallOutcome, Taxonomies
from schemas.taxonomy import Leaf

results = Console(soft_wrap=True)
notes = Console(stderr=True, soft_wrap=True)


def print_json(value: object, *, indent: int | None = 2) -> None:
    """Write one JSON document; ``indent`` None makes it one line."""
    results.out(json.dumps(value, ensure_ascii=False, indent=indent), highlight=False)


def beside_us(path: Path) -> Path:
    """Return a path as seen from the working folder, where it lies below that."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, cut: bool = False) -> None:
    """Write a table on a terminal, and tab-separated lines elsewhere; ``cut`` as for make_table."""
    if not results.is_terminal:
        for row in (columns, *rows):
            results.file.write("\t".join(row) + "\n")  # the console itself would write spaces for tabs
        results.file.flush()
        return
    results.print(make_table(title, columns, rows, cut=cut))


def make_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, cut: bool = False) -> Table:
    """Return a table for a terminal; its cells are shown as they are, brackets too.

    They are shown whole, on as many lines as they need; ``cut`` makes it one line a row: of the last cell is shown what
    fits beside the others.
    """
    table = Table(*(Column(name, overflow="fold") for name in columns), title=title, title_justify="left")
    for column in table.columns[:-1]:
        column.no_wrap = cut
    for *first, last in rows:
        table.add_row(*map(Text, first), Text(last, no_wrap=cut, overflow="ellipsis" if cut else None))
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


def category_title(outcome: CallOutcome) -> str:
    """Return what a person calls the outcome's category; codes that no taxonomy in use knows stay codes."""
    if outcome.state == "unrecorded":
        return f"no recording: {outcome.disposition}"
    if outcome.category is None:
        return f"failed in {outcome.failure.stage}" if outcome.failure else "failed"
    leaf, taxonomy = Leaf(outcome.category, outcome.sub_category), Taxonomies.load().behind(outcome)
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
