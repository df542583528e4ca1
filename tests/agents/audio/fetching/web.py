"""A web server of our own that answers as PBXs, their proxies and broken ones do."""

import gzip
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "Bearer 5ecret"
_BREAKING = {"resumes", "changes", "confuses"}


class _Answer(BaseHTTPRequestHandler):
    """``/KIND/NAME`` serves a file in one way or another.

    ===============  ==================================================================================
    a number         answers with that status; with ``?to=ADDRESS`` and a Location
    ``hops-N``       redirects N times
    ``broken``       stops halfway
    ``get-only``     knows no HEAD
    ``endless``      does not say how long it is
    ``stalls``       sends half and then nothing more
    ``drips``        sends byte by byte
    ``resumes``      stops halfway, and sends the rest when asked
    ``changes``      stops halfway, and has another recording when asked for the rest
    ``confuses``     stops halfway, and sends the rest of another recording when asked
    ``zipped``       compresses although nobody asked for it
    ``token``        wants ``TOKEN``
    ``no-token``     wants none
    ``target``       sends what stood in the request line, after RIFF
    """

    files: dict[str, bytes]
    ending: threading.Event

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        address = urlsplit(self.path)
        _, *folders, name = PurePosixPath(address.path).parts
        kind = folders[0] if folders else ""
        if to := parse_qs(address.query).get("to"):
            self._redirect(int(kind), to[0])
        elif kind.startswith("hops-") and (hops := int(kind[5:])):
            self._redirect(302, f"/hops-{hops - 1}/{name}")
        elif kind == "target":
            self._send(kind, b"RIFF" + self.path.encode())
        elif status := self._refusal(kind, name):
            self.send_error(status)
        else:
            self._send(kind, self.files[name])

    def _refusal(self, kind: str, name: str) -> int | None:
        if kind.isdigit():
            return int(kind)
        if name not in self.files:
            return 404
        if kind == "get-only" and self.command == "HEAD":
            return 403
        wrong_token = self.headers["Authorization"] != (TOKEN if kind == "token" else None)
        return 401 if kind.endswith("token") and wrong_token else None

    def _redirect(self, status: int, location: str) -> None:
        self.send_response(status)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, kind: str, content: bytes) -> None:
        content = gzip.compress(content) if kind == "zipped" else content
        asked = self.headers["Range"]
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if asked and kind == "changes":
            start, content = 0, content[::-1]
        assert not asked or self.headers["If-Range"] == '"1"'
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if kind in _BREAKING:
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", '"2"' if asked and kind != "resumes" else '"1"')
        if kind == "zipped":
            self.send_header("Content-Encoding", "gzip")
        if kind != "endless":
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        half = kind in {"broken", "stalls"} or (kind in _BREAKING and not asked)
        if kind == "drips":
            for byte in content:
                self.wfile.write(bytes([byte]))
                if self.ending.wait(0.02):
                    break
        else:
            self.wfile.write(content[start : len(content) // 2 if half else None])
        if kind == "stalls":
            self.ending.wait(30)

    def log_message(self, *_arguments: Any) -> None:
        """The tests say what went wrong."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_arguments: Any) -> None:
        """Clients hang up here on purpose."""


@contextmanager
def web_server(
    files: dict[str, bytes], tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> Iterator[str]:
    """Serve files by their names, on a free port if none is named; gives the address without a slash at the end."""
    ending = threading.Event()
    server = _Server((host, port), type("Answer", (_Answer,), {"files": files, "ending": ending}))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://{host}:{server.server_address[1]}"
    finally:
        ending.set()
        server.shutdown()
        server.server_close()
        thread.join()
