"""What a source keeps across restarts, in a file of SQLite: memory does not grow with it."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from streams.errors import CallsiftError

_ABOUT = "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"


class StateInUse(CallsiftError):
    """Another process has the same source."""


class StateFile:
    """The file. Its methods block; one thread at a time."""

    def __init__(self, path: Path, tables: str) -> None:
        """Open or make it with these tables, for this process alone.

        Raises:
            StateInUse: Another process has it.
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
            self._database.executescript(_ABOUT + tables)
        except (sqlite3.Error, OSError) as error:
            if "locked" in str(error):
                raise StateInUse(f"{path} is in use", "End the other process of this source") from None
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

    def _change(self) -> "sqlite3.Connection":
        self._database.execute("BEGIN")
        return self._database  # as a context: committed at its end, or rolled back


def since_of(file: StateFile, asked: datetime | None) -> datetime:
    """Return from when on a source's calls are taken: what is asked for, else what was kept, else this moment.

    It is kept, so that what came while nobody watched is taken after a restart.
    """
    if asked is not None:
        file.remember("since", asked.isoformat())
    return datetime.fromisoformat(file.remembered("since", datetime.now(UTC).isoformat()))
