"""What a worker depends on at its host, looked at whenever its metrics are read: disk and certificates."""

import math
import re
import shutil
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from streams import metrics
from streams.settings import AudioStoreSettings, KafkaSettings


def watch_audio_store(stage: str, store: AudioStoreSettings) -> None:
    """Show the free share of the disk under the audio store, where that is a folder."""
    if store.is_folder:
        folder = folder_of(store.uri)
        metrics.AUDIO_STORE_FREE.labels(stage).set_function(lambda: free_share(folder))


def watch_certificates(kafka: KafkaSettings) -> None:
    """Show when the certificates end that the settings name; a renewed file counts from the next scrape on.

    The client's counts by the first of its chain to end. The authorities' counts by the last: while one follows the
    other, a file has both.
    """
    named: tuple[tuple[str, Path | None, Callable[[Iterable[datetime]], datetime]], ...] = (
        ("ca", kafka.ca_file, max),
        ("client", kafka.certificate_file, min),
    )
    for name, path, choose in named:
        if path is not None:
            metrics.CERTIFICATE_NOT_AFTER.labels(name).set_function(_End(path, choose))


def folder_of(uri: str) -> Path:
    """Return the folder that an address of one names to fsspec, which half of the workers would load for this alone."""
    return Path(re.sub("^(file|local):(//)?", "", uri)).expanduser()


def nearest_folder(folder: Path) -> Path:
    """Return a folder or the nearest one above it that is there: a store is made with its first payload."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def free_share(folder: Path) -> float:
    """Return the free share of the disk that a folder is on or will be on, 0 to 1; NaN: unknown."""
    try:
        disk = shutil.disk_usage(nearest_folder(folder))
    except OSError:
        return math.nan
    return disk.free / disk.total if disk.total else math.nan


def _ends(path: Path) -> list[datetime]:
    """Return when each certificate of a PEM file ends.

    Whatever else is in the file is skipped, OpenSSL's own form (TRUSTED CERTIFICATE) included.

    Raises:
        OSError: The file cannot be read.
        ValueError: There is no certificate in it, or one that cannot be read.
    """
    from cryptography import x509  # noqa: PLC0415 - 80 ms and 8 MB, for those alone who name certificates

    try:
        return [found.not_valid_after_utc for found in x509.load_pem_x509_certificates(path.read_bytes())]
    except x509.InvalidVersion as error:
        raise ValueError("expected an X.509 certificate of version 1 or 3") from error


class _End:
    """When a file's certificates end, as Unix time; read again only when the file is another."""

    def __init__(self, path: Path, choose: Callable[[Iterable[datetime]], datetime]) -> None:
        self._path = path
        self._choose = choose
        self._seen: Any = None
        self._end_s = math.nan

    def __call__(self) -> float:
        try:
            found = self._path.stat()
            seen = (found.st_mtime_ns, found.st_ino, found.st_size)
            if seen != self._seen:
                self._end_s = self._choose(_ends(self._path)).timestamp()
                self._seen = seen
        except (OSError, ValueError):
            self._seen = None
            return math.nan
        return self._end_s
