"""What takes uploads as the API does, and fails as networks and proxies do: a pusher's other side.

A repeated ``Idempotency-Key`` has the first answer again, and another body under it is refused, as the API does it.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Upload(NamedTuple):
    event: dict[str, Any]
    files: dict[str, bytes]
    names: dict[str, str | None]


class UploadApi:
    """The other side: what it answers may be changed while it runs."""

    def __init__(self) -> None:
        self.address = ""
        self.calls: list[Upload] = []
        """What was taken, without repetitions."""
        self.by_key: dict[str, Upload] = {}
        self.repeated = 0
        self.authorizations: set[str | None] = set()
        self.requests = 0
        self.instead: list[tuple[int, dict[str, str]]] = []
        """What is answered in place of taking a call, each once."""
        self.never: dict[str, tuple[int, dict[str, str]]] = {}
        """What is always answered to calls of a queue."""
        self.cut: list[str] = []
        """Where the next connections break: before, after (the call is taken, and nobody is told)."""
        self.slow_s = 0.0
        self.lock = threading.Lock()

    def take(self, key: str, upload: Upload) -> int:
        with self.lock:
            if key in self.by_key:
                self.repeated += 1
                return 202 if self.by_key[key] == upload else 422
            self.by_key[key] = upload
            self.calls.append(upload)
        return 202


def read(content_type: str, body: bytes) -> Upload:
    if content_type == "application/json":
        return Upload(json.loads(body), {}, {})
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    parts = {str(part.get_param("name", header="content-disposition")): part for part in message.iter_parts()}
    event = json.loads(content_of(parts.pop("event")))
    files = {name: content_of(part) for name, part in parts.items()}
    return Upload(event, files, {name: part.get_filename() for name, part in parts.items()})


def content_of(part: Any) -> bytes:
    return bytes(part.get_payload(decode=True))


@contextmanager
def upload_api(port: int = 0) -> Iterator[UploadApi]:
    """Run one in this block."""
    api = UploadApi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with api.lock:
                api.requests += 1
                cut = api.cut.pop(0) if api.cut else None
                instead = api.instead.pop(0) if api.instead else None
            if cut == "before":
                self.rfile.read(100)
                self.connection.close()
                return
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # whoever sent it has gone
                return
            time.sleep(api.slow_s)
            if instead is not None:
                self._send(*instead)
                return
            api.authorizations.add(self.headers["Authorization"])
            assert self.path == "/v1/calls"
            upload = read(self.headers["Content-Type"], body)
            if never := api.never.get(upload.event.get("queue", "")):
                self._send(*never)
                return
            status = api.take(self.headers["Idempotency-Key"], upload)
            if cut != "after":
                self._send(status, {})

        def _send(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def handle(self) -> None:
            with suppress(OSError):
                super().handle()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    api.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
