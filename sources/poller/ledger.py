"""Which items of a list were seen, and from where on they have to be asked for again."""

from collections.abc import Iterable
from pathlib import Path

from sources.state_file import StateFile

Key = int | str
_WAITING, _TAKEN, _LEFT = range(3)
_TABLES = """
CREATE TABLE IF NOT EXISTS items (key PRIMARY KEY, seen REAL, state INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (one INTEGER PRIMARY KEY CHECK (one = 1), key);
"""
_ADVANCE = """
WITH beyond AS (SELECT * FROM items WHERE key > coalesce((SELECT key FROM cursor), -9e18)),
     stop AS (SELECT min(key) AS key FROM beyond WHERE seen >= :settled OR state = :waiting),
     settled AS (SELECT * FROM beyond WHERE key < (SELECT key FROM stop) OR (SELECT key FROM stop) IS NULL),
     reached AS (SELECT max(key) AS key FROM settled)
INSERT OR REPLACE INTO cursor SELECT 1, key FROM reached WHERE key IS NOT NULL
"""


class Ledger(StateFile):
    """The file of one list. Keys stay: an item is taken once, from wherever it is asked for again."""

    def __init__(self, path: Path) -> None:
        """Open or make it; raises what ``StateFile`` does."""
        super().__init__(path, _TABLES)

    def cursor(self) -> Key | None:
        """Return the key up to which nothing can come any more; None: the list is read from its start."""
        row = self._database.execute("SELECT key FROM cursor").fetchone()
        return row[0] if row else None

    def rewind(self) -> None:
        """Have the list read from its start again."""
        self._database.execute("DELETE FROM cursor")

    def note(self, keys: Iterable[Key], now: float) -> dict[Key, float]:
        """Note items that were seen; returns those that are not taken, and when each was seen first."""
        found: dict[Key, float] = {}
        with self._change():
            for key in keys:
                self._database.execute("INSERT OR IGNORE INTO items VALUES (?, ?, ?)", (key, now, _WAITING))
                asked = "SELECT seen, state FROM items WHERE key = ?"
                seen, state = self._database.execute(asked, (key,)).fetchone()
                if state != _TAKEN:
                    found[key] = seen
        return found

    def done(self, keys: Iterable[Key], left: Iterable[Key]) -> int:
        """Note items that are done with, and those of which no call came; returns how many of the latter are new.

        No call yet: another mapping, or an earlier start, may make one.
        """
        change = "UPDATE items SET state = ? WHERE key = ? AND state != ?"
        with self._change():
            self._database.executemany(change, [(_TAKEN, key, _TAKEN) for key in keys])
            return self._database.executemany(change, [(_LEFT, key, _LEFT) for key in left]).rowcount

    def advance(self, settled_before: float) -> None:
        """Move the cursor past items that were seen before a moment, up to the first that is newer or still waits."""
        with self._change():
            self._database.execute(_ADVANCE, {"settled": settled_before, "waiting": _WAITING})
