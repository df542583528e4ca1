"""How far a benchmark is: a bar on a terminal, a line for each step elsewhere, both on standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Steps:
    """Steps that are done one after the other."""

    def __init__(self, bar: Progress | None, total: int) -> None:
        """Show ``total`` steps."""
        self._bar = bar
        self._task = bar.add_task("starts", total=total) if bar else None
        self._count, self._total = 0, total

    def done(self, what: str, *, quiet: bool = False) -> None:
        """Say that a step is done; ``quiet`` ones have no line of their own."""
        self._count += 1
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, description=what)
        elif not quiet:
            print(f"{self._count}/{self._total} {what}", file=sys.stderr, flush=True)


@contextmanager
def shown(total: int) -> Iterator[Steps]:
    """Show ``total`` steps for as long as the block runs."""
    console = Console(stderr=True, soft_wrap=True)
    if not console.is_terminal:
        yield Steps(None, total)
        return
    columns = (MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console) as bar:
        yield Steps(bar, total)
