"""A port of this machine that leads to another one: the embedded broker takes a port by chance, people want 9092."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from socketserver import BaseRequestHandler, ThreadingTCPServer

from callsift.embedded import free_port

_CHUNK = 65_536


class _Forwarder(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    target: tuple[str, int]


class _Connection(BaseRequestHandler):
    server: _Forwarder

    def handle(self) -> None:
        """Carry bytes both ways until either side ends."""
        with contextlib.suppress(OSError), socket.create_connection(self.server.target) as other:
            _carry(self.request, other)


def _carry(one: socket.socket, other: socket.socket) -> None:
    with selectors.DefaultSelector() as ready:
        ready.register(one, selectors.EVENT_READ, (one, other))
        ready.register(other, selectors.EVENT_READ, (other, one))
        while True:
            for key, _ in ready.select():
                source, target = key.data
                if not (chunk := source.recv(_CHUNK)):
                    return
                target.sendall(chunk)


@contextlib.contextmanager
def forwarded(target: tuple[str, int], port: int = 0) -> Iterator[str]:
    """Let a port of this machine lead to ``target``, and yield its address; ``port`` or one of the next; 0: any."""
    with _Forwarder(("127.0.0.1", free_port(port)), _Connection) as server:
        server.target = target
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
