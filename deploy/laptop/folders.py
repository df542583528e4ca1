"""Where a programme that starts brokers and workers keeps their logs and data."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def kept_or_temporary(keep: Path | None, prefix: str) -> Iterator[Path]:
    """Yield the folder ``keep``, made if need be; without one a temporary folder, removed at the end."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.absolute()
        return
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
