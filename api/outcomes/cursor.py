"""Cursors of the stream: where in calls.outcomes a reader is. Opaque and encrypted; never an authorisation."""

import json
import time
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken

from api.problems import PlaceOfError, Problem
from store.database import Database
from store.secrets import shared_key
from streams.kafka import Range

Position = Mapping[int, int]
"""By partition, the offset of the first message that a reader has not had."""
_NAME = "stream_cursor"
_ANEW = "Open the stream without a cursor, then read GET /v1/calls: it has every outcome until then"


class Cursors:
    """Makes and reads cursors. The key lies in the store: every process of an API reads what another one made."""

    def __init__(self, key: str) -> None:
        """Take the key: 32 bytes in URL-safe base64."""
        self._cipher = Fernet(key)

    @classmethod
    async def of(cls, database: Database) -> "Cursors":
        """Make them with the key that lies in the store.

        Raises:
            MongoUnavailable: MongoDB did not answer.
        """
        return cls(await shared_key(database, _NAME))

    def made(self, position: Position) -> str:
        """Return the cursor of a position, as it is now."""
        return self._cipher.encrypt(json.dumps(sorted(position.items())).encode()).decode()

    def read(self, cursor: str) -> tuple[dict[int, int], float]:
        """Return the position, and how many seconds ago the cursor was made.

        Raises:
            Problem: bad-request: it is no cursor of this API.
        """
        try:
            position = dict(json.loads(self._cipher.decrypt(cursor.encode())))
            return position, time.time() - self._cipher.extract_timestamp(cursor.encode())
        except (InvalidToken, UnicodeEncodeError):
            wrong = PlaceOfError(parameter="cursor", detail="The id of an event of this stream")
            raise Problem("bad-request", "The cursor is none of this API", cure=_ANEW, errors=[wrong]) from None


def resumed(position: Position, age_s: float, has: Mapping[int, Range], tombstones_s: float) -> dict[int, int]:
    """Return where a reader goes on, by partition; nothing that still matters lies before it. Pure.

    Compaction leaves gaps, and loses nothing: of each call the newest outcome stays. But a tombstone goes in the end,
    so that whoever was away for longer would keep a call that is gone.

    Args:
        position: What the cursor says.
        age_s: Seconds since the cursor was made.
        has: What the topic holds.
        tombstones_s: Seconds that the topic keeps tombstones.

    Raises:
        Problem: gone: something may have been removed that the reader has not had, or the topic was made anew.
    """
    if age_s > tombstones_s:
        raise Problem("gone", "The cursor is so old that calls may have been forgotten unseen since", cure=_ANEW)
    for partition, offset in position.items():
        part = has.get(partition)
        if part is None or not part.start <= offset <= part.end:
            raise Problem("gone", "The topic no longer has what follows the cursor", cure=_ANEW)
    return {partition: position.get(partition, part.start) for partition, part in has.items()}
