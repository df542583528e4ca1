"""Folders for the files of a call while it is worked on, and the removal of what killed processes leave of them.

A process that is killed removes nothing. So each has a folder of its own with a lock that the system lets go when the
process is gone, and who comes next on that machine or volume removes the folders whose lock nobody holds.
"""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)
_PREFIX = "callsift-work-"
_LOCK = "lock"


class WorkFolders:
    """The folders of this process, in the system's temporary folder (``TMPDIR``)."""

    def __init__(self) -> None:
        """Make nothing yet."""
        self._own: Path | None = None
        self._lock = -1

    def open(self) -> Path:
        """Remove what others left behind, and make this process's own folder."""
        remove_left_behind()
        self._own = Path(tempfile.mkdtemp(prefix=_PREFIX))
        new = self._own / f"new-{_LOCK}"
        self._lock = os.open(new, os.O_CREAT | os.O_RDWR)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        new.rename(self._own / _LOCK)  # it has its name once it is held: nobody finds it unheld
        return self._own

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Give a new folder that is gone after the block."""
        with tempfile.TemporaryDirectory(
            prefix="callsift-", dir=self._own or self.open(), ignore_cleanup_errors=True
        ) as name:
            yield Path(name)

    def close(self) -> None:
        """Remove all of them."""
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)
            os.close(self._lock)
            self._own = None


def remove_left_behind() -> int:
    """Remove the folders of processes that are gone, and return how many there were."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if _is_left_behind(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed += not folder.exists()
    if removed:
        logger.info("removed what killed processes left in the temporary folder", extra={"folders": removed})
    return removed


def _is_left_behind(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:  # just being made, or another user's
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True
