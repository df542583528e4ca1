"""A web server of our own that holds one archive, and answers as good, old and failing servers do."""

import re
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class ArchiveServer:
    """What the server does; tests change it between requests."""

    content: bytes
    tag: str | None = '"first"'
    knows_ranges: bool = True
    knows_if_range: bool = True
    cut_after: int | None = None
    """Bytes of a body after which it closes the connection."""
    status: int | None = None
    """Answer with this instead."""
    redirect: str | None = None
    """Lead there instead."""
    says_length: bool = True
    pause_s: float = 0.0
    """Seconds between any two pieces of 1 kB."""
    address: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The headers of every request."""
    sent: list[int] = field(default_factory=list)
    """The bytes of body in every answer."""

    def url(self, name: str = "vosk-model-tiny-tr-0.1.zip") -> str:
        """Where the archive is."""
        return f"{self.address}/models/{name}"


class _Answer(BaseHTTPRequestHandler):
    state: ArchiveServer

    def do_GET(self) -> None:
        state = self.state
        state.asked.append(dict(self.headers.items()))
        if state.status is not None:
            return self.send_error(state.status)
        if state.redirect is not None:
            self.send_response(302)
            self.send_header("Location", state.redirect)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") == state.tag or not state.knows_if_range
        start = int(wanted[1]) if wanted and state.knows_ranges and same else 0
        total = len(state.content)
        if start >= total:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{total}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if state.tag:
            self.send_header("ETag", state.tag)
        if state.says_length:
            self.send_header("Content-Length", str(total - start))
        self.end_headers()
        body = state.content[start:][: state.cut_after]
        state.sent.append(len(body))
        self._send(body)
        return None

    def _send(self, body: bytes) -> None:
        if not self.state.pause_s:
            self.wfile.write(body)
            return
        for position in range(0, len(body), 1000):
            try:
                self.wfile.write(body[position : position + 1000])
            except OSError:  # the other side had enough
                return
            time.sleep(self.state.pause_s)

    def log_message(self, *_arguments: Any) -> None:
        """The tests say what went wrong."""


@contextmanager
def archive_server(content: bytes, certificate: Path | None = None) -> Iterator[ArchiveServer]:
    """Serve an archive on a free port; with a certificate and its key, over TLS."""
    state = ArchiveServer(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answer", (_Answer,), {"state": state}))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    state.address = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
