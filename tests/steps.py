"""The steps of a long check, one after the other, each with what was seen and how long it took."""

import time
from collections.abc import Callable, Mapping

from callsift.commands.output import print_json, print_table
from callsift.commands.progress import shown


def run_steps(steps: Mapping[str, Callable[[], str]], rows: list[dict[str, str | float]]) -> None:
    """Take every step, say how far it is, and add a row for each: step, seen, seconds."""
    with shown(len(steps)) as progress:
        for step, happen in steps.items():
            started = time.monotonic()
            seen = happen()
            rows.append({"step": step, "seen": seen, "seconds": round(time.monotonic() - started, 1)})
            progress.done(f"{step}: {seen}")


def print_steps(title: str, rows: list[dict[str, str | float]], *, as_json: bool) -> None:
    """Print what the steps saw: a table, or one JSON document."""
    if as_json:
        print_json(rows)
        return
    cells = [[str(row["step"]), str(row["seen"]), f"{row['seconds']:.1f}"] for row in rows]
    print_table(title, ["step", "seen", "seconds"], cells)
