"""What lies in a folder of the store, page by page: a store of millions is never held in memory, nor listed at once.

No driver of fsspec lists page by page. But everything that callsift writes is named after a SHA-256, evenly spread, and
the drivers of object stores list by the beginning of a name: 256 listings, each of a 256th.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

_PAGE = 10_000  # names of a folder on disk
_BEGINNINGS = [f"{number:02x}" for number in range(256)]
_KNOWN = frozenset(_BEGINNINGS)
_MODIFIED = ("LastModified", "mtime", "last_modified")  # as the listings of s3fs, gcsfs and adlfs name it

Found = tuple[str, datetime]
"""A name in a folder, and when it was last written (UTC)."""


def on_disk(filesystem: Any) -> bool:
    """Whether a file system of fsspec is this machine's own."""
    from fsspec.implementations.local import LocalFileSystem  # noqa: PLC0415 - most workers never open the store

    return isinstance(filesystem, LocalFileSystem)


def pages(filesystem: Any, folder: str) -> Iterator[list[Found]]:
    """Yield what lies directly in ``folder`` under names that begin with two hexadecimal digits, some at a time."""
    if on_disk(filesystem):
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            files = _files(entries)
            while page := list(islice(files, _PAGE)):
                yield page
    else:
        for beginning in _BEGINNINGS:
            if page := beginning_with(filesystem, folder, beginning):
                yield page


def names(filesystem: Any, folder: str, beginning: str) -> list[str]:
    """Return the sorted names of what lies directly in ``folder`` and is named so at its beginning."""
    if on_disk(filesystem):
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.name.startswith(beginning))
        return []
    return sorted(name for name, _ in beginning_with(filesystem, folder, beginning))


def about(filesystem: Any, path: str) -> tuple[int, datetime]:
    """Return how many bytes a file has, and when it was last written (UTC).

    Raises:
        FileNotFoundError: It is not there.
    """
    filesystem.invalidate_cache()  # others write and remove, too
    found = filesystem.info(path)
    if found["type"] != "file":
        raise FileNotFoundError(path)
    return found["size"], _modified_at(filesystem, found)


def remove_unchanged(filesystem: Any, folder: str, page: list[Found]) -> int:
    """Remove what lies in ``folder`` as ``page`` has it, not what was written again since; returns how much went."""
    if on_disk(filesystem):
        return sum(_unlinked(Path(folder, name), modified_at) for name, modified_at in page)
    still = set(beginning_with(filesystem, folder, page[0][0][:2]))
    unchanged = [f"{folder}/{name}" for name, modified_at in page if (name, modified_at) in still]
    # A driver would take such a name for a pattern, and others go with it.
    odd = [path for path in unchanged if set(path) & set("*?[")]
    if plain := [path for path in unchanged if path not in odd]:
        filesystem.rm(plain)
    for path in odd:
        filesystem.rm_file(path)
    return len(unchanged)


def beginning_with(filesystem: Any, folder: str, beginning: str) -> list[Found]:
    """Return what lies directly in ``folder`` of an object store under names that begin so."""
    found = filesystem.find(folder, prefix=beginning, detail=True)
    filesystem.invalidate_cache()  # s3fs would go on to deny what others write after this
    named = ((path[len(folder) + 1 :], about) for path, about in found.items())
    return [
        (name, _modified_at(filesystem, about))
        for name, about in named
        if name.startswith(beginning) and "/" not in name  # not every driver knows of prefixes
    ]


def _files(entries: Iterable[os.DirEntry[str]]) -> Iterator[Found]:
    for entry in entries:
        if entry.name[:2] in _KNOWN:
            with suppress(FileNotFoundError):  # gone since it was listed, as a writer's draft is
                if entry.is_file(follow_symlinks=False):
                    yield entry.name, _moment(entry.stat(follow_symlinks=False))


def _unlinked(path: Path, modified_at: datetime) -> bool:
    with suppress(FileNotFoundError):
        if _moment(path.lstat()) == modified_at:
            path.unlink()
            return True
    return False


def _moment(about: os.stat_result) -> datetime:
    return datetime.fromtimestamp(about.st_mtime, UTC)


def _modified_at(filesystem: Any, about: dict[str, Any]) -> datetime:
    known = next((about[name] for name in _MODIFIED if name in about), None)
    moment = known if isinstance(known, datetime) else filesystem.modified(about["name"])
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
