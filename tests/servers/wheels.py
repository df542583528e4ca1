"""Package indexes of this machine: folders with wheels, listed as PEP 503 wants, as pages without sizes."""

import functools
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def make_wheel(index: Path, name: str, version: str, *, tag: str = "py3-none-any", size_bytes: int = 0) -> Path:
    """Put a wheel of a package that holds nothing, and is of some size, into an index."""
    stem = f"{name.replace('-', '_')}-{version}"
    path = index / name / f"{stem}-{tag}.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(
            f"{stem}.dist-info/WHEEL", f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
        )
        wheel.writestr(f"{stem}.dist-info/RECORD", "")
        wheel.writestr(f"{name.replace('-', '_')}.bin", bytes(size_bytes))
    return path


class _Listing(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, asked: list[str], **options: Any) -> None:
        self._asked = asked
        super().__init__(*args, **options)

    def log_message(self, *_: object) -> None:
        self._asked.append(self.path)


@contextmanager
def package_index(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder as an index; gives its address, and the paths that it is asked for."""
    asked: list[str] = []
    folder.mkdir(exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Listing, directory=str(folder), asked=asked))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
