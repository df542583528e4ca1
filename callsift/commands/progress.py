"""How far a long command is: a bar on a terminal, lines elsewhere, both on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from callsift.commands.output import notes


class Steps:
    """Steps that are done one after the other."""

    def __init__(self, bar: Progress | None, total: int, lines: int) -> None:
        """Show ``total`` steps, without a terminal on about ``lines`` lines."""
        self._bar = bar
        self._task = bar.add_task("starts", total=total) if bar else None
        self._count, self._total, self._lines = 0, total, lines

    def done(self, what: str, count: int = 1, *, quiet: bool = False) -> None:
        """Say that ``count`` more steps are done; ``quiet`` ones have no line of their own."""
        before, self._count = self._count, self._count + count
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=count, description=what)
        elif not quiet and self._line(self._count) > self._line(before):
            notes.print(f"{self._count} of {self._total} {what}", markup=False, highlight=False)

    def _line(self, count: int) -> int:
        """Return how many lines there are for so many steps."""
        return count * self._lines // max(1, self._total)


@contextmanager
def shown(total: int, lines: int | None = None) -> Iterator[Steps]:
    """Show ``total`` steps for as long as the block runs; where there is no bar, ``lines`` None gives each a line."""
    if not notes.is_terminal:
        yield Steps(None, total, lines or total)
        return
    columns = (MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=notes) as bar:
        yield Steps(bar, total, lines or total)
