"""Fetching from folders and through fsspec's drivers."""

import errno
import os
import stat
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

import fsspec
from fsspec.implementations.local import LocalFileSystem

from agents.audio.fetching.download import BLOCK_BYTES, Download
from agents.audio.fetching.errors import cut_short, no_address
from streams.host_guard import AddressNotAllowed
from streams.payloads import public_address
from streams.threads import Threads

_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe without a writer would block for ever


def open_beneath(uri: str, roots: Iterable[Path]) -> BinaryIO:
    """Open the file of a ``file://`` address, if it lies beneath a root once all symlinks are resolved. Blocks.

    Raises:
        UnknownAddress: No absolute path, or one on another machine.
        AddressNotAllowed: Outside the roots.
        OSError: There is no such file, it cannot be read, or it is none.
    """
    shown = public_address(uri)
    machine, slash, path = uri.partition("://")[2].partition("/")
    if machine not in {"", "localhost"} or not slash:
        raise no_address(shown, "no absolute path, or one on another machine")
    # RFC 8089 encodes, fsspec does not: a file that is really named so goes first
    found = _beneath(f"/{path}", roots)
    if found is None or not (found[0] / found[1]).exists():
        found = _beneath(f"/{unquote(path)}", roots)
    if found is None:
        raise AddressNotAllowed(
            f"{shown} is not allowed: it lies beneath no folder that is listed",
            "Add its folder to CALLSIFT_FETCH_FILE_ROOTS if recordings lie there",
        )
    root, name = found
    try:
        (root / name).stat()
    except OSError as error:
        if error.errno == errno.ELOOP:  # symlinks in a circle lead to nothing
            raise FileNotFoundError from None
        raise
    descriptor = _walk(root, name)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise IsADirectoryError  # or a device, or a pipe
    return os.fdopen(descriptor, "rb")


def _beneath(path: str, roots: Iterable[Path]) -> tuple[Path, Path] | None:
    """Return the root that a path lies beneath and the rest of the path, both without symlinks; None: no root."""
    real = Path(os.path.realpath(path))  # Path.resolve raises for symlinks in a circle, before Python 3.13 alone
    for root in roots:
        resolved = Path(os.path.realpath(root))
        if real.is_relative_to(resolved):
            return resolved, real.relative_to(resolved)
    return None


def _walk(root: Path, name: Path) -> int:
    """Open a path step by step without following any symlink: none can be put there after the path was checked."""
    at = os.open(root, _FOLDER)
    try:
        for part in name.parts[:-1]:
            below = os.open(part, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
        return os.open(name.name or ".", _FILE, dir_fd=at)
    finally:
        os.close(at)


def open_with_driver(scheme: str, uri: str) -> BinaryIO:
    """Open an address with its scheme's fsspec driver. Blocks, and raises what the driver raises."""
    filesystem, path = fsspec.core.url_to_fs(f"{scheme}{uri[len(scheme) :]}")
    if isinstance(filesystem, LocalFileSystem):  # fsspec has another name for it
        raise AddressNotAllowed(f"{public_address(uri)} is not allowed: it leads to files", "Use file:// instead")
    opened: BinaryIO = filesystem.open(path, "rb", block_size=BLOCK_BYTES)
    return opened


async def copy_file(source: BinaryIO, download: Download, shown: str, idle_limit_s: float, threads: Threads) -> None:
    """Copy an open file and close it; raises RecordingUnreachable if it ends before the size that its driver says."""
    announced = getattr(source, "size", None)
    expected_bytes = announced if isinstance(announced, int) else 0
    try:
        download.check_size(expected_bytes)
        while block := await threads.run(partial(source.read, BLOCK_BYTES), idle_limit_s):
            await download.write(block)
    finally:
        threads.forget(source.close)
    if download.size_bytes < expected_bytes:
        raise cut_short(shown, download.size_bytes, expected_bytes)
