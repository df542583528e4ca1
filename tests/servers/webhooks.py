"""A consumer of webhooks that answers as it is told, and checks what it gets with the published library."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Received:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        """What it says."""
        content: dict[str, Any] = json.loads(self.body)
        return content

    def verified(self, secret: str) -> dict[str, Any]:
        """Return what it says, as the library does; raises what the library raises for a wrong signature."""
        content: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return content


@dataclass
class Consumer:
    """What a consumer has got, and how it answers."""

    address: str = ""
    answer: str = "200"
    """A status; ``slow``: nothing for a long time; ``half``: less than it announces; ``cut``: no status at all."""
    answers: dict[str, str] = field(default_factory=dict)
    """By identifier, for what is answered otherwise."""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with each answer."""
    got: list[Received] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    @property
    def ids(self) -> list[str]:
        """What it got, by identifier, in order."""
        return [one.headers["webhook-id"] for one in self.got]


class _Handler(BaseHTTPRequestHandler):
    consumer: Consumer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        consumer = self.consumer
        consumer.got.append(Received({name.lower(): value for name, value in self.headers.items()}, body))
        self.close_connection = True
        answer = consumer.answers.get(self.headers["webhook-id"], consumer.answer)
        if answer == "cut":
            return
        if answer == "slow":
            consumer.ending.wait(60)
            return
        self.send_response(int(answer) if answer.isdecimal() else 200)
        for name, value in consumer.headers.items():
            self.send_header(name, value)
        if answer == "204":  # which has no body
            self.end_headers()
            return
        self.send_header("content-length", "100" if answer == "half" else "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def do_GET(self) -> None:
        raise AssertionError("a redirect was followed")

    def log_message(self, *_arguments: Any) -> None:
        """The tests say what went wrong."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 64  # with socketserver's five, a few that connect at once wait for a second or three

    def handle_error(self, *_arguments: Any) -> None:
        """Whoever posts hangs up here on purpose."""


@contextmanager
def webhook_consumer(tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[Consumer]:
    """Run one on this machine."""
    consumer = Consumer()
    server = _Server(("127.0.0.1", port), type("Handler", (_Handler,), {"consumer": consumer}))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    consumer.address = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}/hooks"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield consumer
    finally:
        consumer.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()
