"""Unpacking a model's archive that came from outside: it may write nowhere but into the folder made for it.

tarfile's filter "data" is not enough: it lets links in, makes an absolute path a relative one and counts neither bytes
nor entries, and zipfile has no filter. So the libraries extract nothing here: they list and read.
"""

import filecmp
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from enum import Enum, auto
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from streams.errors import CallsiftError

_BLOCK_BYTES = 1024 * 1024
_MOST_ENTRIES = 10_000
_ANOTHER = "Fetch the model from its maker, or pin the archive's checksum with --sha256"


class _Kind(Enum):
    FILE = auto()
    FOLDER = auto()
    OTHER = auto()


class _Entry(NamedTuple):
    name: str
    kind: _Kind
    open: Callable[[], IO[bytes] | None]


def unpack(archive: Path, folder: Path, limit_bytes: int) -> None:
    """Unpack a zip or tar archive into a new folder. Permissions, owners and times are not taken over.

    Raises:
        CallsiftError: The archive holds a path that leads out of the folder, an entry that is neither file nor folder,
            a name twice, or more than ``limit_bytes`` when unpacked; it is damaged, encrypted, or no archive at all.
    """
    folder.mkdir()
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened_zip:
                _write(_zip_entries(opened_zip), folder, limit_bytes)
        else:
            with tarfile.open(archive) as opened_tar:
                _write(_tar_entries(opened_tar), folder, limit_bytes)
    except (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise CallsiftError(f"expected a whole zip or tar archive: {error}", "Check the address") from error
    except (NotImplementedError, RuntimeError) as error:  # an unknown compression, a password
        raise CallsiftError(f"the archive cannot be read: {error}", "Pack it as plain zip or tar.gz") from error


def place(unpacked: Path, parent: Path, name: str) -> Path:
    """Move an unpacked model to its final place in one step and return that.

    The place is named as the archive's single top folder, or ``name`` where it has none. The same model that is there
    already stays.

    Raises:
        CallsiftError: What was unpacked is no Vosk model, or something else is in its place.
    """
    top = list(unpacked.iterdir())
    model, name = (top[0], top[0].name) if len(top) == 1 and top[0].is_dir() else (unpacked, name)
    if not is_model(model):
        raise CallsiftError("expected a Vosk model, found an archive without final.mdl", "Check the address")
    target = parent / name
    if not target.exists():
        return model.rename(target)
    if not _is_same(model, target):
        raise CallsiftError(f"something else is in {target} already", "Remove it, or choose another folder with --to")
    return target


def is_model(folder: Path) -> bool:
    """Say whether a folder looks like a Vosk model, in its present layout or the one before."""
    return (folder / "am" / "final.mdl").is_file() or (folder / "final.mdl").is_file()


def _zip_entries(archive: zipfile.ZipFile) -> Iterator[_Entry]:
    for info in archive.infolist():
        mode = stat.S_IFMT(info.external_attr >> 16)  # 0 where the packer knew no Unix
        kind = _Kind.FOLDER if info.is_dir() else _Kind.FILE if mode in {0, stat.S_IFREG} else _Kind.OTHER
        yield _Entry(info.orig_filename, kind, partial(archive.open, info))


def _tar_entries(archive: tarfile.TarFile) -> Iterator[_Entry]:
    for info in archive:
        kind = _Kind.FOLDER if info.isdir() else _Kind.FILE if info.isreg() else _Kind.OTHER
        yield _Entry(info.name, kind, partial(archive.extractfile, info))


def _write(entries: Iterator[_Entry], folder: Path, limit_bytes: int) -> None:
    left_bytes = limit_bytes
    for number, entry in enumerate(entries, 1):
        if number > _MOST_ENTRIES:
            raise CallsiftError(f"the archive has more than {_MOST_ENTRIES} entries", _ANOTHER)
        target = folder / _harmless_path(entry.name)
        try:
            if entry.kind is _Kind.FOLDER:
                target.mkdir(parents=True, exist_ok=True)
            elif entry.kind is _Kind.FILE:
                target.parent.mkdir(parents=True, exist_ok=True)
                left_bytes -= _copy(entry, target, left_bytes, limit_bytes)
            else:
                raise CallsiftError(f"the archive holds a link or a device: {entry.name!r}", _ANOTHER)
        except (FileExistsError, NotADirectoryError):
            raise CallsiftError(f"the archive holds a name twice: {entry.name!r}", _ANOTHER) from None


def _copy(entry: _Entry, target: Path, left_bytes: int, limit_bytes: int) -> int:
    """Write a file by what it really holds: the size that an archive declares may be a lie."""
    size_bytes = 0
    source = entry.open()
    assert source is not None, entry.name  # noqa: S101 - tarfile has content for every regular file
    with source, target.open("xb") as file:
        while block := source.read(_BLOCK_BYTES):
            size_bytes += len(block)
            if size_bytes > left_bytes:
                raise CallsiftError(
                    f"the archive unpacks to more than {limit_bytes} bytes",
                    "Raise --limit-mb if the model is really that large",
                )
            file.write(block)
    return size_bytes


def _harmless_path(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not name.isprintable():
        raise CallsiftError(f"the archive holds a path that leads out of its folder: {name!r}", _ANOTHER)
    return path


def _is_same(one: Path, other: Path) -> bool:
    """Compare two folders by every file's path and bytes."""
    files, theirs = (sorted(path.relative_to(top) for path in top.rglob("*") if path.is_file()) for top in (one, other))
    return files == theirs and len(filecmp.cmpfiles(one, other, files, shallow=False)[0]) == len(files)
