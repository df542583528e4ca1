"""A local server that speaks Gemini's REST format, one scripted reply per request.

In tests: ``with gemini_server() as server: server.script(Reply(status=429)); …; server.received[0].body``. By hand:
``python -m tests.servers.gemini --port 8099`` answers every request with a plausible JSON answer; point callsift to it
with ``CALLSIFT_CLASSIFY_GEMINI_ENDPOINT=http://127.0.0.1:8099`` and any key.
"""

import argparse
import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PATH = re.compile(r"^/v1(beta)?/models/(?P<model>[^/:]+):generateContent")
_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

PLAUSIBLE = {
    "category": "potential_customer",
    "sub_category": None,
    "confidence": 0.9,
    "justification": "Müşterinin arızası var ve randevu verildi.",
    "evidence": [0],
    "summary": "Arıza bildirildi. Randevu verildi.",
}


@dataclass(frozen=True)
class Reply:
    """What the server answers to one request."""

    body: bytes
    status: int = 200
    delay_s: float = 0.0
    """Seconds before the answer; shortened when the server stops."""
    content_type: str = "application/json; charset=UTF-8"


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    model: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class GeminiServer:
    """A running server."""

    address: str
    received: list[Request] = field(default_factory=list)
    replies: deque[Reply] = field(default_factory=deque)
    answer: Callable[[], Reply] = lambda: answered()  # noqa: PLW0108 - defined below
    """Makes the reply to a request that nothing is scripted for."""
    answer_to: Callable[["Request"], Reply] | None = None
    """Makes it instead, where the reply depends on what is asked."""
    ended: threading.Event = field(default_factory=threading.Event)

    def script(self, *replies: Reply) -> None:
        """Answer the next requests like this; after the last one, plausibly."""
        self.replies.extend(replies)


def said(text: str, finish_reason: str = "STOP") -> Reply:
    """A model that says ``text``."""
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish_reason, "index": 0}
    return _json({"candidates": [candidate]})


def answered(**changes: Any) -> Reply:
    """A model that gives the plausible answer, with changes."""
    return said(json.dumps(PLAUSIBLE | changes, ensure_ascii=False))


def silent(finish_reason: str = "SAFETY") -> Reply:
    """A model that stopped before it said anything."""
    return _json({"candidates": [{"finishReason": finish_reason, "index": 0}]})


def blocked(reason: str = "PROHIBITED_CONTENT") -> Reply:
    """A prompt that is not answered at all."""
    return _json({"promptFeedback": {"blockReason": reason}})


def without_candidates() -> Reply:
    """An answer without any."""
    return _json({"candidates": []})


def failed(status: int, message: str = "", reason: str = "") -> Reply:
    """The service's own error; ``reason`` as google.rpc.ErrorInfo has it."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    error = {
        "code": status,
        "message": message or f"scripted {status}",
        "status": _STATUS_NAMES.get(status, "INTERNAL"),
        "details": [info] if reason else [],
    }
    return Reply(json.dumps({"error": error}).encode(), status)


def _json(content: dict[str, Any]) -> Reply:
    usage = {"promptTokenCount": 1200, "candidatesTokenCount": 60, "totalTokenCount": 1260}
    return Reply(json.dumps({**content, "usageMetadata": usage, "modelVersion": "scripted"}).encode())


class _Handler(BaseHTTPRequestHandler):
    gemini: GeminiServer

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = _PATH.match(self.path)
        if path is None:
            return self._send(failed(404, f"no such method: {self.path}"))
        request = Request(path["model"], dict(self.headers), json.loads(content))
        self.gemini.received.append(request)
        if self.gemini.replies:
            reply = self.gemini.replies.popleft()
        else:
            reply = self.gemini.answer_to(request) if self.gemini.answer_to else self.gemini.answer()
        if reply.delay_s:
            self.gemini.ended.wait(reply.delay_s)
        return self._send(reply)

    def _send(self, reply: Reply) -> None:
        try:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
        except OSError:
            self.close_connection = True  # the client waited no longer

    def log_message(self, *_arguments: Any) -> None:
        """Requests are kept, not printed: they hold what callers said."""


@contextmanager
def gemini_server(port: int = 0) -> Iterator[GeminiServer]:
    """Run a server on ``port`` of this machine; 0 takes any free one."""
    handler: type[_Handler] = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as http:
        http.daemon_threads = True
        handler.gemini = GeminiServer(f"http://127.0.0.1:{http.server_address[1]}")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield handler.gemini
        finally:
            handler.gemini.ended.set()
            http.shutdown()
            thread.join()


def main() -> None:
    """Answer until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8099)
    with gemini_server(parser.parse_args().port) as server:
        print(f"Gemini's REST format at {server.address}, Ctrl-C ends it")  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
