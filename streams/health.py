"""/metrics, /health/live and /health/ready of a worker, from a thread: they answer even if the event loop does not."""

import json
import threading
import time
from collections.abc import Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import make_wsgi_app

from streams.listening import listening

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


_LOOK_S = 3600.0


class Health:
    """What a worker knows of its own state."""

    def __init__(self, *, silent_after_s: float = 15.0) -> None:
        """Start not ready; alive as long as ``beat`` is called at least every ``silent_after_s`` seconds."""
        self.silent_after_s = silent_after_s
        """Seconds without a beat after which the worker is not alive any more."""
        self._last_beat: float | None = None
        self.joined = False
        """Whether the worker has joined its consumer group and knows its partitions."""
        self.paused: str | None = None
        """What the worker waits for, if it has paused on purpose. It is ready all the same: a rollout that waited for
        the pause to end would leave the bad workers, for which it was begun, in their places."""

    def beat(self) -> None:
        """Say that the event loop still turns."""
        self._last_beat = time.monotonic()

    def pause(self, reason: str | None) -> None:
        """Say what the worker waits for; None: it goes on."""
        self.paused = reason

    @property
    def ready(self) -> bool:
        """Whether the worker has joined and lives: it takes events, or will once what it waits for is back."""
        return self.alive and self.joined

    @property
    def alive(self) -> bool:
        """Whether the event loop has turned lately; until its first turn the worker loads what it needs."""
        return self._last_beat is None or time.monotonic() - self._last_beat < self.silent_after_s


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Probes come every few seconds; they are not worth a line."""


def serve(health: Health, host: str, port: int) -> int:
    """Serve metrics and health in a thread of its own; returns the port, which is a free one for 0.

    An empty ``host`` is every address of the machine.

    Raises:
        OSError: The port is taken.
    """
    metrics = make_wsgi_app()

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        checks = {"/health/live": health.alive, "/health/ready": health.ready}
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return cast("Iterable[bytes]", metrics(environ, start_response))
        if path not in checks:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/metrics, /health/live or /health/ready\n"]
        status = "200 OK" if checks[path] else "503 Service Unavailable"
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps({"alive": health.alive, "ready": health.ready, "paused": health.paused}).encode()]

    server = _Server((host, port), _Quiet, bind_and_activate=False)
    server.socket.close()
    server.socket = listening(host, port)
    server.server_name, server.server_port = host, server.socket.getsockname()[1]
    server.setup_environ()
    server.set_app(answer)
    # It lives as long as the process: nobody asks it to end, so it need not look twice a second whether somebody does.
    threading.Thread(target=server.serve_forever, args=(_LOOK_S,), name="health", daemon=True).start()
    return int(server.server_port)
