"""What was seen in a folder, and what of it was taken."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sources.state_file import StateFile

AT_REST_S = 1e9
"""As long ago as this: for ever."""
_AT_ONCE = 500
_TABLES = """
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, key TEXT, size INTEGER, modified REAL, quiet REAL, done INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS of_call ON files (key);
CREATE INDEX IF NOT EXISTS waiting ON files (modified, path) WHERE done = 0;
"""


class Seen(NamedTuple):
    """A file, as a pass over the folder sees it."""

    path: str
    key: str
    size_bytes: int
    modified_at: float
    is_old: bool
    """Whether it was written so long ago that nobody writes it now, whatever the clocks say."""


class Known(NamedTuple):
    """A file that the ledger knows."""

    path: str
    size_bytes: int
    modified_at: float
    quiet_s: float
    """Seconds for which it was seen unchanged."""
    done: bool
    """Whether its call is taken, as the file is now."""


class Ledger(StateFile):
    """The file of one folder."""

    def __init__(self, path: Path) -> None:
        """Open or make it; raises what ``StateFile`` does."""
        super().__init__(path, _TABLES)

    def note(self, seen: Sequence[Seen], passed_s: float) -> None:
        """Note files of one pass: what is new or has changed waits; what has not, has been quiet so much longer."""
        with self._change():
            paths = [os.fsencode(one.path) for one in seen]  # names need not be UTF-8
            known = {row[0]: row[1:] for row in self._by("path", "size, modified, done", paths)}
            for one, path in zip(seen, paths, strict=True):
                size, modified, done = known.get(path, (None, None, 0))
                if size != one.size_bytes or (not done and modified != one.modified_at):
                    quiet = AT_REST_S if one.is_old else 0.0
                    row = (path, one.key, one.size_bytes, one.modified_at, quiet)
                    self._database.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, 0)", row)
                elif not done:
                    self._database.execute("UPDATE files SET quiet = quiet + ? WHERE path = ?", (passed_s, path))

    def waiting(self, quiet_s: float, before: tuple[float, bytes]) -> list[tuple[float, bytes, str]]:
        """Return some files, the newest first, that have been quiet: when written, path, key of the call.

        ``before`` is what the last call ended with; the first begins with ``(inf, b"")``.
        """
        return self._database.execute(
            "SELECT modified, path, key FROM files WHERE done = 0 AND quiet >= ? AND (modified, path) < (?, ?) "
            "ORDER BY modified DESC, path DESC LIMIT ?",
            (quiet_s, *before, _AT_ONCE),
        ).fetchall()

    def files_of(self, keys: Iterable[str]) -> dict[str, list[Known]]:
        """Return all files of some calls, by their keys."""
        found: dict[str, list[Known]] = {}
        for key, path, *row in self._by("key", "path, size, modified, quiet, done", list(dict.fromkeys(keys))):
            found.setdefault(key, []).append(Known(os.fsdecode(path), *row))
        return found

    def done(self, files: Iterable[Known]) -> None:
        """Note that the call of these files is taken, as they are; one that has changed since waits on."""
        with self._change():
            self._database.executemany(
                "UPDATE files SET done = 1 WHERE path = ? AND size = ?",
                [(os.fsencode(one.path), one.size_bytes) for one in files],
            )

    def gone(self, path: str) -> None:
        """Forget a file that is not there any more."""
        self._database.execute("DELETE FROM files WHERE path = ?", (os.fsencode(path),))

    def count_waiting(self) -> int:
        """Return how many files wait."""
        return int(self._database.execute("SELECT count(*) FROM files WHERE done = 0").fetchone()[0])

    def _by(self, column: str, columns: str, values: Sequence[str | bytes]) -> Iterable[tuple[Any, ...]]:
        for start in range(0, len(values), _AT_ONCE):
            some = values[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            wanted = f"SELECT {column}, {columns} FROM files WHERE {column} IN ({marks})"  # noqa: S608 - our own names
            yield from self._database.execute(wanted, some)
