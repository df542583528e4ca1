"""A service on this machine that keeps the last request and answers nothing, to see what a client would send."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Loopback:
    """A running service."""

    address: str
    path: str = ""
    """Path of the last request, without its query."""
    body: dict[str, Any] = field(default_factory=dict)
    """Its JSON."""


class _Handler(BaseHTTPRequestHandler):
    loopback: Loopback

    def do_POST(self) -> None:
        self.loopback.path = self.path.partition("?")[0]
        self.loopback.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_arguments: Any) -> None:
        """Nothing is logged: requests hold what callers said."""


@contextmanager
def loopback() -> Iterator[Loopback]:
    """Run the service on a free port of 127.0.0.1."""
    handler: type[_Handler] = type("Handler", (_Handler,), {})
    with served(handler) as address:
        handler.loopback = Loopback(address)
        yield handler.loopback


@contextmanager
def served(handler: type[BaseHTTPRequestHandler], port: int = 0) -> Iterator[str]:
    """Serve on 127.0.0.1, on any free port for 0; give the address."""
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}"
        finally:
            http.shutdown()
            thread.join()
