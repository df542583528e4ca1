"""Fetching a model: download, checksum, unpacking, and a record by which the next fetch sees that it is there."""

import fcntl
import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from agents.transcribe.model_files.archive import is_model, place, unpack
from agents.transcribe.model_files.download import Progress, download, forget
from streams.errors import CallsiftError
from streams.payloads import public_address


@dataclass(frozen=True)
class Limits:
    """How much a fetch may take."""

    size_bytes: int
    """Bytes of the archive, and again of what it unpacks to."""
    time_s: float
    """Seconds for the download."""


@dataclass(frozen=True)
class Fetched:
    """A model that is there."""

    folder: Path
    sha256: str
    """Of the archive that it came from, in hexadecimal."""
    is_new: bool
    """Whether this call brought it."""


class _Record(BaseModel):
    folder: str
    sha256: str


def fetch_model(url: str, parent: Path, *, sha256: str | None, limits: Limits, on_progress: Progress) -> Fetched:
    """Bring the model at ``url`` into a folder of its own below ``parent``, whole or not at all. Blocks.

    Processes that fetch into the same ``parent`` wait for each other.

    Args:
        url: Address of a zip or tar archive, http or https.
        parent: Absolute folder for models; made if missing.
        sha256: What the archive must be, in hexadecimal; None: anything.
        limits: How much it may take.
        on_progress: Told the bytes that are there and those that there will be.

    Raises:
        CallsiftError: The download failed, the archive is not the pinned one, unsafe or no model, or the disk refuses.
    """
    stem = _stem(url)
    own = parent / f".{stem}-{hashlib.sha256(url.encode()).hexdigest()[:12]}"
    part, record_file, unpacked = (own.with_name(f"{own.name}.{kind}") for kind in ("part", "json", "unpacked"))
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with _alone(parent):
            if found := _recorded(record_file, parent):
                _compare(found.sha256, sha256, f"the model in {found.folder}", f"Remove {found.folder} and repeat")
                return found
            download(url, part, limit_bytes=limits.size_bytes, time_limit_s=limits.time_s, on_progress=on_progress)
            with part.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            shutil.rmtree(unpacked, ignore_errors=True)  # of a process that was killed
            try:
                _compare(digest, sha256, public_address(url), "Check address and checksum; the download is deleted")
                unpack(part, unpacked, limits.size_bytes)
                folder = place(unpacked, parent, stem)
            except CallsiftError:
                forget(part)
                raise
            finally:
                shutil.rmtree(unpacked, ignore_errors=True)
            _record(record_file, _Record(folder=folder.name, sha256=digest))
            forget(part)
            return Fetched(folder, digest, is_new=True)
    except OSError as error:
        raise CallsiftError(
            f"cannot write below {parent}: {error.strerror or type(error).__name__}",
            "Choose another folder with --to, or make room",
        ) from error


def _stem(url: str) -> str:
    """Return the archive's name without its ending, or "model" where the address has no name for a folder."""
    name = PurePosixPath(unquote(url.partition("?")[0].partition("#")[0])).name
    stem = re.sub(r"(\.tar)?\.\w+$", "", name)
    return stem if re.fullmatch(r"\w[\w.-]{0,99}", stem) else "model"


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    with (parent / ".fetch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _recorded(record_file: Path, parent: Path) -> Fetched | None:
    try:
        record = _Record.model_validate_json(record_file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    folder = parent / record.folder
    return Fetched(folder, record.sha256, is_new=False) if is_model(folder) else None


def _record(record_file: Path, record: _Record) -> None:
    draft = record_file.with_suffix(".draft")
    draft.write_text(record.model_dump_json(), encoding="utf-8")
    draft.replace(record_file)


def _compare(found: str, pinned: str | None, what: str, cure: str) -> None:
    if pinned is not None and found != pinned.lower():
        raise CallsiftError(f"expected the archive with sha256 {pinned.lower()}, found {found}: {what}", cure)
