"""What a source has seen and taken, in a file of SQLite: it survives restarts, and memory does not grow with it."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streams.errors import CallsiftError

AT_REST_S = 1e9
"""As long ago as this: for ever."""
_AT_ONCE = 500
_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
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


class LedgerInUse(CallsiftError):
    """Another process watches the same source."""


class Ledger:
    """The file. Its methods block; one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make it, for this process alone.

        Raises:
            LedgerInUse: Another process has it.
            CallsiftError: It cannot be opened.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(0o600)  # names of recordings hold numbers of people
            self._database = sqlite3.connect(path, timeout=0.5, check_same_thread=False, isolation_level=None)
            for setting in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
                self._database.execute(f"PRAGMA {setting}")
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("COMMIT")
            self._database.executescript(_TABLES)
        except (sqlite3.Error, OSError) as error:
            if "locked" in str(error):
                raise LedgerInUse(f"{path} is in use", "End the other process that watches this source") from None
            raise CallsiftError(
                f"{path} cannot be opened: {error}", "Name a folder on a disk of this machine"
            ) from None

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def remembered(self, name: str, value: str) -> str:
        """Return what is kept under ``name``; ``value`` is kept there where there is nothing yet."""
        self._database.execute("INSERT OR IGNORE INTO about VALUES (?, ?)", (name, value))
        return str(self._database.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()[0])

    def remember(self, name: str, value: str) -> None:
        """Keep a value under ``name``."""
        self._database.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (name, value))

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

    def _change(self) -> "sqlite3.Connection":
        self._database.execute("BEGIN")
        return self._database  # as a context: committed at its end, or rolled back
