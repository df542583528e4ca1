"""What lies in a folder or bucket, entry by entry, and the bytes of it. Blocks: the watcher asks from a thread."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from streams.errors import TransientError

_MOST_FORBIDDEN = 10_000
_MODIFIED = ("LastModified", "mtime", "last_modified")  # as the listings of s3fs, gcsfs and adlfs name it


class FolderAway(TransientError):
    """The folder or bucket cannot be listed or read; it is tried again."""


class Entry(NamedTuple):
    """A file, without a look at it yet."""

    path: str
    """Relative to the folder, with slashes."""
    look: Callable[[], tuple[int, float]]
    """Its size in bytes and when it was written last (seconds since 1970); raises FileNotFoundError where it has gone,
    PermissionError where it may not be looked at, and FolderAway."""


class Place:
    """A folder of this machine, a share that is mounted here, or a bucket through fsspec."""

    def __init__(self, address: str) -> None:
        """Name it: a path, ``file://…``, or ``s3://…`` and the like."""
        parts = urlsplit(address)
        self._folder = Path(unquote(parts.path) if parts.scheme == "file" else address)
        self._is_folder = "://" not in address or parts.scheme == "file"
        self.address = self._folder.absolute().as_uri() if self._is_folder else address.rstrip("/")
        """The address by which the audio stage finds it, if it sees the same folder."""
        self.forbidden: set[str] = set()
        """Paths of files and folders in it that may not be read, as far as they were met; the first 10,000 of them."""

    def entries(self) -> Iterator[Entry]:
        """Yield every file, folder by folder; memory is that of the folders that are still to be listed.

        Raises:
            FolderAway: It is not there, or cannot be listed.
        """
        try:
            yield from self._on_disk() if self._is_folder else self._in_bucket()
        except Exception as error:
            raise _away(error) from error

    def read(self, path: str, most_bytes: int) -> bytes:
        """Return the beginning of a file.

        Raises:
            FolderAway: It cannot be read.
        """
        try:
            if self._is_folder:
                with (self._folder / path).open("rb") as file:
                    return file.read(most_bytes)
            filesystem, root = _fsspec(self.address)
            found: bytes = filesystem.cat_file(f"{root}/{path}", start=0, end=most_bytes)
        except PermissionError as error:
            self._note_forbidden(path)
            raise _away(error) from error
        except Exception as error:
            raise _away(error) from error
        return found

    def _note_forbidden(self, path: str) -> None:
        if len(self.forbidden) < _MOST_FORBIDDEN:
            self.forbidden.add(path)

    def _on_disk(self) -> Iterator[Entry]:
        root = os.fspath(self._folder)
        beginning = len(root.rstrip("/")) + 1
        folders = [root]
        while folders:
            folder = folders.pop()
            try:
                listing = os.scandir(folder)
            except (FileNotFoundError, PermissionError) as error:
                if folder == root:
                    raise
                if isinstance(error, PermissionError):  # such as lost+found: it keeps nothing else back
                    self._note_forbidden(folder[beginning:])
                continue  # else it has gone since it was listed
            with listing as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif entry.is_file():
                        yield Entry(entry.path[beginning:], partial(self._look, entry.path[beginning:]))

    def _look(self, path: str) -> tuple[int, float]:
        try:
            about = (self._folder / path).stat()  # a listing's own may be as old as the listing
        except FileNotFoundError:
            raise
        except PermissionError:
            self._note_forbidden(path)
            raise
        except OSError as error:
            raise _away(error) from None  # whose own text has the name
        return about.st_size, about.st_mtime

    def _in_bucket(self) -> Iterator[Entry]:
        filesystem, root = _fsspec(self.address)
        folders = [root]
        while folders:
            folder = folders.pop()
            for found in filesystem.ls(folder, detail=True, refresh=True):
                if found["name"].rstrip("/") == folder.rstrip("/"):  # the marker of the folder itself
                    continue
                if found["type"] == "directory":
                    folders.append(found["name"])
                else:
                    about = found["size"] or 0, _modified(filesystem, found)
                    yield Entry(found["name"][len(root) :].lstrip("/"), lambda about=about: about)  # type: ignore[misc]
            filesystem.invalidate_cache()  # it would keep every listing


def _modified(filesystem: Any, found: dict[str, Any]) -> float:
    known = next((found[name] for name in _MODIFIED if name in found), None)
    if isinstance(known, int | float):
        return float(known)
    moment = known if known is not None else filesystem.modified(found["name"])
    return float((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _fsspec(address: str) -> tuple[Any, str]:
    import fsspec  # noqa: PLC0415 - 2 MB, and a folder needs none of it

    filesystem, root = fsspec.core.url_to_fs(address)
    return filesystem, root.rstrip("/")


def _away(error: Exception) -> FolderAway:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return FolderAway(f"the folder cannot be read: {reason}", "Look whether the share is mounted and may be read")
